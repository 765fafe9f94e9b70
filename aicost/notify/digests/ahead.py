"""What lies ahead of a digest: budgets, and where the month or the year ends."""

from django.urls import reverse

from aicost.notify.digests.figures import link, page
from aicost.notify.message import Fact, Item, Section
from aicost.notify.models import MONTHLY
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.pacing import plan_of, stated, whole_of
from aicost.web.tables import Block
from attribution.models.entities import MONTH, YEAR
from attribution.reports import REPORTS

BUDGETS_MAX = 5
TEAM = "team"


def forecast(ask: Ask, block: Block, cadence: str) -> list[Fact]:
    """Where the running month ends, or after a month the year: p50 with its band."""
    if set(ask.view.filters) - set(REPORTS["forecast"].filters):
        return []
    horizon = YEAR if cadence == MONTHLY else MONTH
    rows = [
        row
        for row in ask.report("forecast", group_by=()).rows
        if row["horizon"] == horizon and row["currency"] == block.currency
    ]
    if len(rows) != 1:
        return []
    [row] = rows
    name = f"{row['first_day']:%B} forecast" if horizon == MONTH else "Forecast of the year"
    if row["p50"] is None:
        return [Fact(name, numbers.UNKNOWN, row["reason"] or "", page(ask))]
    low, high = (numbers.money(row[which], block.currency, 0) for which in ("p10", "p90"))
    so_far = numbers.money(row["so_far"], block.currency)
    note = f"{so_far} so far; in four of five cases {low} to {high}"
    return [Fact(name, numbers.money(row["p50"], block.currency, 0), note, page(ask))]


def budget(ask: Ask, block: Block) -> list[Fact]:
    """The company's budget of the month, or the features' together, against what is expected."""
    plan = plan_of(ask, block)
    if plan is None:
        return []
    way = "over" if plan.over > 0 else "under"
    over = numbers.money(abs(plan.over), block.currency, 0)
    note = f"{plan.named}; {numbers.money(plan.whole, block.currency, 0)} expected, {over} {way}"
    if plan.odds is not None:
        note += f"; {numbers.percent_of(plan.odds, 0)} likely above"
    shown = numbers.money(plan.amount, block.currency)
    return [Fact("Budget of the month", shown, note, link(reverse("budgets")))]


def budgets(ask: Ask) -> Section | None:
    """The worst budgets, of all that the reader sees; of a team's digest those of the team. None
    where there are none, or where the digest is of something no budget is of."""
    filters = dict(ask.view.filters)
    team = filters.pop(TEAM, None)
    if filters:
        return None
    rows = stated(ask, "budgets").rows
    if team is not None:
        rows = [row for row in rows if row["kind"] == TEAM and row["name"] in team]
    rows = [row for row in rows if row["available"] is not None]
    if not rows:
        return None
    items = tuple(
        Item(
            f"{row['name']}: {_state(row)}",
            f"{numbers.money(row['used'], row['currency'])}"
            f" of {numbers.money(row['available'], row['currency'])}",
            link(reverse("budgets")),
        )
        for row in rows[:BUDGETS_MAX]
    )
    more = len(rows) - len(items)
    return Section("Budgets", items, f"{more} more, less pressing." if more else "")


def _state(row: dict) -> str:
    """What its evening said, else where it ends."""
    ends = numbers.money(whole_of(row), row["currency"], 0)
    told = row["words"] or f"ends at {ends}"
    return f"{row['budget_period']}, {told}"
