"""Budgets: what may be spent, where it ends, and what a day says of it. docs/budgets.md."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from attribution.budgeting.plans import Plan, plans_on
from attribution.models import BudgetStatus
from attribution.models.budgets import LEVELS


@dataclass(frozen=True)
class BudgetFinding:
    """What one evening says of one budget. `kind` is warn, alert or breach; `amount` all that may
    be spent in the period, what was carried included; `probability` that it ends above, 0 to 1;
    `breach_on` the day it is (or was) used up by p50. Unknown is None."""

    budget: Plan
    kind: str
    day: date
    period_start: date
    period_end: date
    currency: str
    amount: Decimal
    used: Decimal
    p50: Decimal | None
    probability: Decimal | None
    breach_on: date | None
    owner: str
    words: str

    @property
    def last_day(self) -> date:
        return self.period_end - timedelta(days=1)


def findings(day: date) -> list[BudgetFinding]:
    """Of all budgets that hold on the day, what its statuses say, the worst first. The statuses are
    made by attribution.budgeting.remember; without them there is nothing to say."""
    plans = {plan.key: plan for plan in plans_on(day)}
    rows = BudgetStatus.objects.filter(day=day, level__in=LEVELS)
    found = [
        _finding(plans[key], row)
        for row in rows
        if (key := (row.budget_id, row.dimension, row.name)) in plans
    ]
    return sorted(found, key=_worst_first)


def _finding(plan: Plan, row: BudgetStatus) -> BudgetFinding:
    return BudgetFinding(
        budget=plan,
        kind=row.level,
        day=row.day,
        period_start=row.period_start,
        period_end=row.period_end,
        currency=row.currency,
        amount=row.amount + row.carried,
        used=row.used,
        p50=row.p50,
        probability=row.probability,
        breach_on=row.breach_on,
        owner=plan.owner,
        words=row.words,
    )


def _worst_first(one: BudgetFinding) -> tuple:
    over = max(one.used, one.p50 or one.used) - one.amount
    return -LEVELS.index(one.kind), -over, one.budget.title


__all__ = ["BudgetFinding", "findings"]
