"""Budgets on the evening of a day: used, where they end, how likely above; and what is prepaid or
promised. The figures are those that attribution.budgeting.remember kept for the day."""

from datetime import date, timedelta
from decimal import Decimal

from aicost.accounts.company import company
from aicost.kernel.periods import utc_today
from attribution.budgeting.plans import Key, Plan, plans_on
from attribution.models import BudgetStatus
from attribution.models.budgets import LEVELS
from attribution.reports.base import Report
from attribution.reports.spec import Spec

COLUMNS = (
    "name", "kind", "filters", "owner", "budget_period", "roll_over", "per", "per_count",
    "amount_per_count", "currency", "first_day", "last_day", "day", "data_through", "amount",
    "carried", "available",
    "used", "units", "units_p50", "p50", "p10", "p90", "probability_percent", "breach_on",
    "at_this_pace", "level", "words", "stop", "reason", "budget_id",
)  # fmt: skip
WHOLE, FILTER = "whole company", "filter"
NOT_YET = "not worked out yet: it is with the next attribution, or by manage.py budgets"
NOT_KEPT = "nothing was kept of that day: manage.py budgets --day {day} works it out"
CENT = Decimal("0.01")
ONE_DAY = timedelta(days=1)


def rows(spec: Spec) -> list[dict]:
    """One row a budget that holds on the last day of the period and whose whole cost the asker may
    see; the worst first."""
    day = spec.period.end - ONE_DAY
    plans = [plan for plan in plans_on(day) if plan.is_seen_by(spec.asker.teams)]
    kept = _newest(day) if plans else {}
    fiscal = company().fiscal_month if plans else 1
    return sorted((_row(plan, day, kept.get(plan.key), fiscal) for plan in plans), key=_worst_first)


def _newest(day: date) -> dict[Key, BudgetStatus]:
    """Of each budget its newest status of the same period."""
    found = (
        BudgetStatus.objects.filter(day__lte=day, period_end__gt=day)
        .order_by("budget_id", "dimension", "name", "-day")
        .distinct("budget_id", "dimension", "name")
    )
    return {(row.budget_id, row.dimension, row.name): row for row in found}


def _row(plan: Plan, day: date, status: BudgetStatus | None, fiscal: int) -> dict:
    period = plan.period_of(day, fiscal)
    row = dict.fromkeys(COLUMNS) | {
        "name": plan.title,
        "kind": plan.key[1] or (FILTER if plan.filters else WHOLE),
        "filters": "; ".join(f"{name}={', '.join(v)}" for name, v in plan.filters.items()),
        "owner": plan.owner,
        "budget_period": plan.period,
        "roll_over": plan.roll_over,
        "per": plan.per,
        "per_count": plan.per_count if plan.per else None,
        "amount_per_count": plan.amount if plan.per else None,
        "currency": plan.currency,
        "first_day": period.start,
        "last_day": period.end - ONE_DAY,
        "amount": None if plan.per else plan.amount,
        "level": "",
        "words": "",
        "stop": "",
        "reason": NOT_YET if day >= utc_today() - ONE_DAY else NOT_KEPT.format(day=day),
        "budget_id": plan.key[0],
    }
    return row | _said(status) if status is not None else row


def _said(status: BudgetStatus) -> dict:
    odds, pace = status.probability, None
    if status.p50 is None:
        gone = (status.day - status.period_start).days + 1
        pace = (status.used * (status.period_end - status.period_start).days / gone).quantize(CENT)
    return {
        "first_day": status.period_start,
        "last_day": status.period_end - ONE_DAY,
        "day": status.day,
        "data_through": status.data_through,
        "amount": status.amount,
        "carried": status.carried,
        "available": status.amount + status.carried,
        "used": status.used,
        "units": None if status.units is None else int(status.units),
        "units_p50": None if status.units_p50 is None else int(status.units_p50),
        "p50": status.p50,
        "p10": status.p10,
        "p90": status.p90,
        "probability_percent": None if odds is None else odds * 100,
        "breach_on": status.breach_on,
        "at_this_pace": pace,
        "level": status.level,
        "words": status.words,
        "stop": status.stop,
        "reason": status.reason,
    }


def _worst_first(row: dict) -> tuple:
    level = LEVELS.index(row["level"]) if row["level"] else -1
    over = None
    if row["available"] is not None:
        over = (row["p50"] or row["at_this_pace"] or row["used"]) - row["available"]
    return -level, -(row["probability_percent"] or 0), over is None, -(over or 0), row["name"]


REPORTS = (
    Report(
        "budgets",
        "Budgets",
        rows,
        lambda spec: COLUMNS,
    ),
)
