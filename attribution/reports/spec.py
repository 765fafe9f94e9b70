"""What a report is asked and what it answers. Every surface uses these two and nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from aicost.kernel.periods import Period
from aicost.kernel.targets import LEVELS

GRANULARITIES = ("total", "day", "week", "month", "quarter")
BASES = ("effective", "billed")
SHOWN, SPREAD = POOL_OPTIONS = ("shown", "spread")
SHOWN, LEFT_OUT = ESTIMATE_OPTIONS = ("shown", "left_out")

# Dimensions of the target and of the series that a report can group and filter by.
TARGET_DIMENSIONS = (
    "feature",
    "model",
    "workload",
    "experiment",
    "team",
    "environment",
    "activity",
    "kind",
    "state",
)
# What stands above a name of the target on the day of the money (docs/targets.md).
HIERARCHY_DIMENSIONS = tuple(LEVELS)
# What money buys, told when it is read by the SQL function aicost_layer (docs/reports.md, `layer`).
LAYER = "layer"
LAYERS = (
    "inference_compute",
    "hosting_kept_warm",
    "model_api",
    "training_compute",
    "data_processing",
    "storage",
    "data_movement",
    "observability",
    "other",
)
SERIES_DIMENSIONS = ("source", "account", "service", "region", "charge_category", "evidence")
# Dimensions the rollup does not keep: a report by one of them, or by tag:KEY, reads the allocated
# charges themselves, of at most CHARGE_DAYS_MAX days unless the question says that it is long.
CHARGE_DIMENSIONS = (
    "provider",
    "billing_account",
    "service_category",
    "sku",
    "sku_meter",
    "operation",
    "resource",
    "resource_type",
    "instance_type",
    "zone",
    "pricing_category",
    "charge_class",
    "commitment",
    "invoice",
    "rule",
)
TAG = "tag:"
ANY_TAG = "tag:KEY"
CHARGE_DAYS_MAX = 31
GROUPS_MAX = 4


def is_charge_dimension(name: str) -> bool:
    """Whether only the single charge knows this dimension."""
    return name in CHARGE_DIMENSIONS or name.startswith(TAG)


class BadSpec(ValueError):
    """The question cannot be answered as put; the message names the part and the choices."""


class TooLong(BadSpec):
    """An answer of more rows than may stand in memory at once."""

    def __init__(self, most: int) -> None:
        super().__init__(f"that is more than {most:,} rows, which must all stand in memory for it")


class NotAllowed(PermissionError):
    """The asker's role may not see this report."""


@dataclass(frozen=True)
class Asker:
    """Who asks. `teams` None sees every team's rows, otherwise only rows of these teams."""

    role: str
    teams: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Spec:
    """One question. `period` is half-open UTC days; filters are dimension -> accepted values,
    where '' means 'not set'. `long` lets a question about single charges take more days.
    `in_currency` converts each row by the rate of the charge's month; '' leaves money as billed.
    `estimates` shown adds to `cost` what is still expected, in a column of its own. `against` is
    the period compared with, for reports of two periods; None is the one before; `by_rules` lets
    such a report tell apart what rules moved that changed in between."""

    report: str
    period: Period
    asker: Asker
    granularity: str = "total"
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    basis: str = "effective"
    idle: str = SHOWN
    shared: str = SHOWN
    long: bool = False
    estimates: str = SHOWN
    in_currency: str = ""
    against: Period | None = None
    by_rules: bool = False


@dataclass(frozen=True)
class Freshness:
    """How far one source reaches: its last day with data, the last final day, the last load."""

    source: str
    kind: str
    through: date | None
    final_through: date | None
    loaded_at: datetime | None


class Trusted(Protocol):
    """What an answer says about itself, looked up when it is read."""

    final: bool
    as_of: datetime | None
    residual: Decimal | None
    freshness: tuple[Freshness, ...]


@dataclass(frozen=True)
class Answer:
    """Rows are flat; money is Decimal, unknown is None. Each row with money carries its own
    `currency`; `currency` here is the only one, or None when rows differ. `residual` is the bill
    minus all that stands in the ledger for the asked period: 0, or something is wrong; None for an
    asker who sees only some teams. `missing_rates` are (month, from, to) without which rows could
    not be converted: they stand in the currency they were billed in."""

    spec: Spec
    columns: tuple[str, ...]
    rows: list[dict]
    currency: str | None
    trust: Trusted
    missing_rates: tuple[tuple[date, str, str], ...] = ()

    @property
    def final(self) -> bool:
        return self.trust.final

    @property
    def as_of(self) -> datetime | None:
        return self.trust.as_of

    @property
    def residual(self) -> Decimal | None:
        return self.trust.residual

    @property
    def freshness(self) -> tuple[Freshness, ...]:
        return self.trust.freshness


@dataclass(frozen=True)
class Stream:
    """An `Answer` whose rows are read once, one by one, while they are written down."""

    spec: Spec
    columns: tuple[str, ...]
    rows: Iterator[dict]
    trust: Trusted
    missing_rates: tuple[tuple[date, str, str], ...] = ()
