"""Where the money came to stand. All of it can be deleted and rebuilt from ingest, except what
people write: rules, closes, what they say of targets. One module a concern; import from here."""

from attribution.models.closing import MonthClose, PinnedRuleSet, PinnedWords, ReportedCost
from attribution.models.customers import CustomerCost, CustomerSplit, CustomerUse
from attribution.models.entities import (
    Entity,
    EntityAbove,
    EntityBudget,
    EntityChange,
    EntityParent,
)
from attribution.models.estimates import EstimatedCost, EstimatedDay
from attribution.models.finance import FinanceEdition
from attribution.models.invoices import InvoicePaid, InvoicePaidChange
from attribution.models.ledger import (
    AllocatedCharge,
    AllocationRun,
    CostDay,
    CostSum,
    DayState,
    GpuDay,
    GpuHour,
)
from attribution.models.notes import Note
from attribution.models.rules import AllocationRule, RuleSet, SeriesClaim
from attribution.models.targets import Target

__all__ = [
    "AllocatedCharge",
    "AllocationRule",
    "AllocationRun",
    "CostDay",
    "CostSum",
    "CustomerCost",
    "CustomerSplit",
    "CustomerUse",
    "DayState",
    "Entity",
    "EntityAbove",
    "EntityBudget",
    "EntityChange",
    "EntityParent",
    "EstimatedCost",
    "EstimatedDay",
    "FinanceEdition",
    "GpuDay",
    "GpuHour",
    "InvoicePaid",
    "InvoicePaidChange",
    "MonthClose",
    "Note",
    "PinnedRuleSet",
    "PinnedWords",
    "ReportedCost",
    "RuleSet",
    "SeriesClaim",
    "Target",
]
