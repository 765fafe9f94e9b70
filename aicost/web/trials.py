"""What pages say of experiments beside report `experiments`: budgets to date, words of status."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from aicost.kernel.periods import Period, month_start
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.frontier import score_text
from aicost.web.names import budget_period, may_see_plans
from attribution.models import Entity, EntityBudget
from attribution.reports.experiments import ENDED, FORGOTTEN, QUIET, RUNNING
from attribution.reports.spec import Answer

ZERO = Decimal(0)
# Status -> the mark it has; forgotten ones stand out, ended ones stand back.
MARKS = {RUNNING: "", QUIET: "mark-waiting", FORGOTTEN: "mark-late", ENDED: "note"}
ORDER = (FORGOTTEN, QUIET, RUNNING, ENDED)
NEAR_DAYS = 92


def trials_of(ask: Ask, **filters) -> Answer:
    """Report `experiments` up to the end of the view; of the view's filters it knows teams."""
    known = {k: v for k, v in ask.view.filters.items() if k in ("team", "experiment")}
    return ask.report("experiments", group_by=(), filters=known | filters, idle="shown",
                      shared="shown")  # fmt: skip


def used_when(row: dict) -> str:
    """26 Nov; of what lies long ago only the month is known."""
    used, through = row["last_used"], row["data_through"]
    if used is None:
        return "never"
    if (through - used).days > NEAR_DAYS:
        return f"{used:%b %Y}"
    return numbers.day(used)


def said_of_use(row: dict) -> str:
    """One sentence: does it still run?"""
    week = numbers.money(row["week_cost"], row["currency"], 0)
    if row["status"] == RUNNING:
        return f"It is in use: last on {used_when(row)}, of data up to {_through(row)}."
    since = f"Nobody has used it since {used_when(row)}"
    if row["last_used"] is None:
        since = "Nobody is known to have used it"
    if row["status"] == ENDED:
        return f"It has ended: last used {used_when(row)}, and it costs nothing any more."
    return f"{since}, and it still costs {week} a week."


def _through(row: dict) -> str:
    return numbers.day(row["data_through"])


def ends_on(entity: Entity | None) -> date | None:
    """The day people planned it to end on."""
    told = entity.attributes.get("ends_on") if entity else None
    return date.fromisoformat(told) if told else None


def planned(entity: Entity | None, row: dict) -> dict | None:
    """{text, late}: when it was to end; late when it still costs money after that."""
    day = ends_on(entity)
    if day is None:
        return None
    late = row["data_through"] is not None and day < row["data_through"] and row["status"] != ENDED
    through = row["data_through"] or day
    told = numbers.day(day) if day.year == through.year else numbers.day_year(day)
    return {"text": f"planned to end {told}", "late": late}


def past_plan(run: dict) -> str:
    """ "planned for 10 h, took 48 h" of a run that took longer than its planned_hours."""
    took, plan = run["took_hours"], run["planned_hours"]
    if took is None or plan is None or took <= plan:
        return ""
    return f"planned for {_hours(plan)} h, took {_hours(took)} h"


def _hours(hours: Decimal) -> str:
    return f"{numbers.rounded(hours, 1):,.1f}".removesuffix(".0")


def quality_said(row: dict) -> dict:
    """The cells for quality: best score, gain, money for a point, or why it is unknown."""
    return {
        "score": None if row["score"] is None else score_text(row["score"]),
        "on": " on ".join(filter(None, (row["measure"], row["dataset"]))),
        "baseline": None if row["baseline_score"] is None else score_text(row["baseline_score"]),
        "gained": None
        if row["gained_points"] is None
        else numbers.change(row["gained_points"], places=2),
        "each": None
        if row["cost_per_point"] is None
        else numbers.unit_money(row["cost_per_point"], row["currency"]),
        "reason": row["reason"],
    }


def budgets_of(ask: Ask, names: Iterable[str] | None = None) -> dict[str, list[EntityBudget]]:
    """name -> its budgets in order of time; none for whoever does not see all of its money."""
    if not may_see_plans(ask.asker, "experiment"):
        return {}
    rows = EntityBudget.objects.filter(dimension="experiment").order_by("valid_from")
    if names is not None:
        rows = rows.filter(name__in=names)
    found: dict[str, list[EntityBudget]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return found


def begun(budgets: Iterable[EntityBudget], first: date, last: date) -> list[tuple[date, Decimal]]:
    """(day, amount) of every month, quarter or year of a budget that has begun from `first` to
    `last`: what an experiment may have cost by a day is the sum up to it."""
    found = []
    for budget in budgets:
        day = max(first, budget.valid_from or first)
        until = min(last, budget.valid_to or last)
        while day <= until and (budget.valid_to is None or day < budget.valid_to):
            found.append((day, budget.amount))
            day = budget_period(budget.period, day).end
    return sorted(found)


def budget_said(budgets: list[EntityBudget], row: dict) -> dict | None:
    """Cost so far against all budget begun so far; None where none is set or it is in another
    currency."""
    if not budgets or row["cost"] is None or row["first_day"] is None:
        return None
    if {one.currency for one in budgets} != {row["currency"]}:
        return None
    amount = sum((a for _, a in begun(budgets, row["first_day"], row["data_through"])), ZERO)
    if not amount:
        return None
    return {
        "amount": amount,
        "share": numbers.percent(row["cost"], amount, 0),
        "over": row["cost"] > amount,
        "period": budgets[-1].period,
    }


def whole_span(ask: Ask, row: dict) -> Period:
    """From the month of its first cost to the end of the view."""
    first = row["first_day"] or ask.period.start
    return Period(min(month_start(first), ask.period.start), ask.period.end)
