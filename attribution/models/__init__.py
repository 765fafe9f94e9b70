"""Where the money came to stand. All of it can be deleted and rebuilt from ingest, except what
people write: rules, closes, what they say of targets and alerts. One module a concern; import from
here."""

from attribution.models.alerts import (
    Alert,
    AlertEvent,
    AlertFeedback,
    AlertRun,
    KnownEvent,
    SeenCost,
)
from attribution.models.budgets import Budget, BudgetStatus, CreditBalance
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
    GpuSum,
)
from attribution.models.notes import Note
from attribution.models.rules import AllocationRule, RuleSet, SeriesClaim
from attribution.models.targets import Target

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertFeedback",
    "AlertRun",
    "AllocatedCharge",
    "AllocationRule",
    "AllocationRun",
    "Budget",
    "BudgetStatus",
    "CostDay",
    "CostSum",
    "CreditBalance",
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
    "GpuSum",
    "InvoicePaid",
    "InvoicePaidChange",
    "KnownEvent",
    "MonthClose",
    "Note",
    "PinnedRuleSet",
    "PinnedWords",
    "ReportedCost",
    "RuleSet",
    "SeenCost",
    "SeriesClaim",
    "Target",
]
