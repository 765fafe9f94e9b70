"""What came in. One module a concern; import the tables from here."""

from ingest.models.bills import (
    ChangedDay,
    Charge,
    ChargeSeries,
    ControlTotal,
    Delivery,
    Quarantined,
    Restatement,
    Scope,
    Source,
    SourceFile,
    SourceRun,
)
from ingest.models.business import FxRate, Outcome, Price, QualityScore, Revenue
from ingest.models.maps import Alias, ResourceMap, WorkloadMap
from ingest.models.measured import TOKEN_CLASSES, GpuInterval, Usage, UsageDay

__all__ = [
    "TOKEN_CLASSES",
    "Alias",
    "ChangedDay",
    "Charge",
    "ChargeSeries",
    "ControlTotal",
    "Delivery",
    "FxRate",
    "GpuInterval",
    "Outcome",
    "Price",
    "QualityScore",
    "Quarantined",
    "ResourceMap",
    "Restatement",
    "Revenue",
    "Scope",
    "Source",
    "SourceFile",
    "SourceRun",
    "Usage",
    "UsageDay",
    "WorkloadMap",
]
