"""A budget that crosses a line, said to programs in the transaction that keeps the evening."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from aicost.happenings.tell import happened
from aicost.kernel.money import plain
from aicost.kernel.periods import utc_today
from attribution.budgeting.plans import Key, Plan
from attribution.models import BudgetStatus
from attribution.models.budgets import LEVELS

# An evening worked out later than this is history, and told to nobody.
LATE_DAYS = 12


def tell_crossed(plans: Mapping[Key, Plan], made: Iterable[BudgetStatus]) -> None:
    """The first evening of a period on which a budget is as bad as this: once for each level."""
    for one in made:
        if not one.level or one.day < utc_today() - timedelta(days=LATE_DAYS):
            continue
        key = (one.budget_id, one.dimension, one.name)
        if not _was_as_bad(one):
            # as it is stored: what was worked out carries more decimals
            _tell(plans[key], BudgetStatus.objects.get(pk=one.pk))


def _was_as_bad(one: BudgetStatus) -> bool:
    as_bad = LEVELS[LEVELS.index(one.level) :]
    earlier = BudgetStatus.objects.filter(
        budget=one.budget_id, dimension=one.dimension, name=one.name,
        period_start=one.period_start, day__lt=one.day, level__in=as_bad,
    )  # fmt: skip
    return earlier.exists()


def _tell(plan: Plan, one: BudgetStatus) -> None:
    odds = one.probability
    subject = f"budget {one.budget_id or f'{one.dimension} {one.name}'} {one.period_start}"
    data = {
        "budget": one.budget_id,
        "dimension": one.dimension,
        "name": one.name,
        "title": plan.title,
        "owner": plan.owner,
        "filters": {name: list(values) for name, values in plan.filters.items()},
        "level": one.level,
        "text": one.words,
        "day": one.day.isoformat(),
        "first_day": one.period_start.isoformat(),
        "last_day": (one.period_end - timedelta(days=1)).isoformat(),
        "currency": one.currency,
        "available": plain(one.amount + one.carried),
        "used": plain(one.used),
        "p50": plain(one.p50),
        "probability_percent": None if odds is None else plain(odds * 100),
        "breach_on": one.breach_on.isoformat() if one.breach_on else None,
    }
    happened("budget.crossed", f"{subject} {one.level}", data, subject=subject,
             teams=plan.filters.get("team", ()))  # fmt: skip
