"""What can be written day by day: a report, and the sums its manifest tells. Add one: a line in
DATASETS and one in docs/files.md."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from aicost.accounts.models import ADMIN
from aicost.kernel.periods import Period
from attribution.reports.spec import LEFT_OUT, Asker, Spec


@dataclass(frozen=True)
class Sum:
    """The sum of a column over a day's file is the sum of a column of a report: `basis`."""

    column: str
    report: str
    of: str
    basis: str = "effective"


@dataclass(frozen=True)
class Dataset:
    """One day of a `report` is one file. `currency` is the column that sums are told by. Rows of
    a `loose` one may change without a publication of their day: its newest days are looked at
    anew by each run."""

    name: str
    title: str
    report: str
    currency: str
    sums: tuple[Sum, ...]
    group_by: tuple[str, ...] = ()
    granularity: str = "total"
    loose: bool = False

    def spec(self, day: date) -> Spec:
        """All rows of the day: files belong to the company, and only admins say where they go."""
        one = Period(day, day + timedelta(days=1))
        return Spec(self.report, one, Asker(ADMIN), granularity=self.granularity,
                    group_by=self.group_by, estimates=LEFT_OUT)  # fmt: skip

    def check(self, one: Sum, day: date) -> Spec:
        return replace(self.spec(day), report=one.report, basis=one.basis, group_by=(),
                       granularity="total")  # fmt: skip


DATASETS = (
    Dataset(
        "cost",
        "Cost, every dimension",
        "cost_daily",
        "currency",
        (Sum("billed_cost", "cost", "cost", "billed"), Sum("effective_cost", "cost", "cost")),
    ),
    Dataset(
        "focus",
        "FOCUS 1.2, allocated as in 1.3",
        "focus_export",
        "BillingCurrency",
        (Sum("BilledCost", "cost", "cost", "billed"), Sum("EffectiveCost", "cost", "cost")),
    ),
    Dataset(
        "unit_cost",
        "Inferences, tokens and what they cost",
        "unit_cost",
        "currency",
        (
            Sum("marginal_cost", "unit_cost", "marginal_cost"),
            Sum("loaded_cost", "unit_cost", "loaded_cost"),
        ),
        group_by=("model", "feature", "team", "environment"),
        granularity="day",
        loose=True,
    ),
)


def dataset_of(name: str) -> Dataset:
    """Raises ValueError that names those there are."""
    for one in DATASETS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in DATASETS)
    raise ValueError(f"{name[:40]!r} is no dataset; there are: {known}")
