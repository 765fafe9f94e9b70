"""What a day says of a budget: nothing, warn, alert or breach, and why in words."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aicost.kernel.periods import Period
from attribution.budgeting.plans import Plan
from attribution.detectors.words import money_text
from attribution.models.budgets import ALERT, BREACH, WARN

FIRST_DAY = 4  # of a period; before it a forecast alone says nothing


@dataclass(frozen=True)
class Standing:
    """The figures that are judged. `before` is P(over) of the evening before in the same period,
    None where there is none."""

    day: date
    period: Period
    available: Decimal
    used: Decimal
    probability: Decimal | None
    before: Decimal | None
    stop: str = ""

    @property
    def day_number(self) -> int:
        return (self.day - self.period.start).days + 1


def judged(plan: Plan, at: Standing) -> tuple[str, str]:
    """(level, words). An alert needs P(over) of the alert's per cent on two evenings in a row;
    what is used up is a breach on any day, but an amount per unit grows with the units, so that
    it is judged by its forecast alone."""
    if at.used > at.available and not plan.per:
        over = money_text(at.used - at.available, plan.currency)
        return BREACH, f"{over} over a budget of {money_text(at.available, plan.currency)}"
    if at.stop:
        return ALERT, at.stop
    odds = at.probability
    if odds is not None and at.day_number >= FIRST_DAY:
        said = f"ends over the budget with a probability of {_percent(odds)}%"
        if _both(at, plan.alert_percent):
            return ALERT, f"{said}, {_percent(at.before)}% the evening before"
        if odds * 100 >= plan.warn_percent:
            return WARN, said
    passed = [one for one in plan.used_percents if at.used * 100 >= at.available * one]
    if passed and not plan.per:
        return WARN, f"{max(passed)}% of the budget is used"
    return "", ""


def _both(at: Standing, percent: int) -> bool:
    evenings = (at.probability, at.before)
    return all(odds is not None and odds * 100 >= percent for odds in evenings)


def _percent(odds: Decimal | None) -> str:
    return str(round((odds or 0) * 100))
