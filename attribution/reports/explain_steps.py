"""A figure step by step, where its charges are too many to be read at once: the months of a year,
or the days of a month, from the rollup; each is a figure of its own that can be asked why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.periods import Period, next_month
from attribution.reports.base import check
from attribution.reports.cost import REPORT as COST
from attribution.reports.cost import billed_rows
from attribution.reports.explain import narrowed
from attribution.reports.explain_words import when
from attribution.reports.patterns import expanded
from attribution.reports.spec import Spec
from attribution.reports.trust import Trust, trust_of

ZERO = Decimal(0)
DAY, MONTH = "day", "month"


@dataclass(frozen=True)
class Step:
    """One month or day of the figure, as far as it lies in the period asked for."""

    period: Period
    cost: Decimal


@dataclass(frozen=True)
class Steps:
    """`figure` is the sum of all steps, those without cost left out; `step` is month or day."""

    figure: Decimal
    currency: str | None
    sentence: str
    trust: Trust
    step: str
    steps: tuple[Step, ...]


def stepped(
    spec: Spec, dimensions: Mapping[str, str], *, line: str, currency: str | None, step: str
) -> Steps:
    """The figure that `explain` would tell the charges of, in the same currency. Raises BadSpec and
    NotAllowed like it."""
    asked = replace(narrowed(expanded(spec), dimensions, line), granularity=step)
    check(COST, asked)
    sums: dict[str, dict[date, Decimal]] = {}
    for row in billed_rows(asked):
        if currency in (None, row["currency"]) and (not asked.group_by or row["activity"]):
            found = sums.setdefault(row["currency"], {})
            found[row["period"]] = found.get(row["period"], ZERO) + row["cost"]
    most = max(sums, key=lambda one: abs(sum(sums[one].values(), ZERO)), default=currency)
    costs = sorted(sums.get(most, {}).items())
    many = "its charges are too many to be read at once: each"
    return Steps(
        figure=sum((cost for _, cost in costs), ZERO),
        currency=most,
        sentence=f"{when(spec.period)}, {step} by {step}; {many} {step} leads to its own.",
        trust=trust_of(asked),
        step=step,
        steps=tuple(Step(_within(first, step, spec.period), cost) for first, cost in costs if cost),
    )


def _within(first: date, step: str, whole: Period) -> Period:
    end = first + timedelta(days=1) if step == DAY else next_month(first)
    return Period(max(first, whole.start), min(end, whole.end))
