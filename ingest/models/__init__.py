"""What came in. One module a concern; import the tables from here."""

from ingest.models.bills import (
    BillDay,
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
from ingest.models.business import (
    Customer,
    FxRate,
    Outcome,
    PostedBody,
    QualityScore,
    Revenue,
)
from ingest.models.maps import Alias, ResourceMap, StorageMap, WorkloadMap
from ingest.models.measured import TOKEN_CLASSES, GpuInterval, PodHour, Usage, UsageDay
from ingest.models.otlp import (
    MetricSeries,
    OtlpBatch,
    Span,
    TracedService,
    UsageRepeated,
    UsageToSettle,
)
from ingest.models.prices import Price
from ingest.models.runs import Annotation, TrainingRun
from ingest.models.storage import StorageAge

__all__ = [
    "TOKEN_CLASSES",
    "Alias",
    "Annotation",
    "BillDay",
    "ChangedDay",
    "Charge",
    "ChargeSeries",
    "ControlTotal",
    "Customer",
    "Delivery",
    "FxRate",
    "GpuInterval",
    "MetricSeries",
    "OtlpBatch",
    "Outcome",
    "PodHour",
    "PostedBody",
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
    "Span",
    "StorageAge",
    "StorageMap",
    "TracedService",
    "TrainingRun",
    "Usage",
    "UsageDay",
    "UsageRepeated",
    "UsageToSettle",
    "WorkloadMap",
]
