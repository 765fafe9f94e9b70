"""Budgets: what may be spent, what is, and when it ends at the pace so far; furthest over first."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse

from aicost.accounts.scope import may_edit_names
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.filters import label
from aicost.web.names import (
    CONSISTS_OF,
    Burn,
    budget_period,
    burn,
    holding,
    last_day,
    may_see_plans,
    target_url,
)
from aicost.web.parts import RESIDUAL, STAMP, cost_blocks
from aicost.web.shell import Page, Panel
from attribution.models import Entity, EntityBudget
from attribution.models.entities import RETIRED
from attribution.reports.columns import COUNT, DAY, DECIMAL, TEXT
from attribution.reports.sheets import RATIO_DIGITS, Column, Sheet, sheet_of

ZERO = Decimal(0)
BAR_WIDTH = Decimal(160)
# The bar ends at a half more than the budget: what lies beyond is cut there.
BAR_TOP = Decimal("1.5")
WITHOUT_SHOWN = 5
COLUMNS = (
    *(Column(name, TEXT) for name in ("kind", "name", "owner", "budget_period", "currency")),
    Column("budget", DECIMAL),
    Column("used", DECIMAL),
    Column("days_gone", COUNT),
    Column("days_in_period", COUNT),
    Column("at_this_pace", DECIMAL),
    Column("used_up_on", DAY),
)


@dataclass(frozen=True)
class Kept:
    """One budget on the last day of the view. `pace` is what the whole period costs if every day
    costs as much as those so far; `ends` the day on which it is used up, if that is in it."""

    kind: str
    name: str
    owner: str
    burn: Burn
    days_gone: int
    days: int
    pace: Decimal
    ends: date | None
    url: str

    @property
    def state(self) -> str:
        if self.burn.is_over:
            return "over"
        return "ahead" if self.pace > self.burn.amount else "within"

    @property
    def pace_share(self) -> Decimal:
        return self.pace / self.burn.amount


def budgets(ask: Ask) -> list[Kept]:
    """All budgets that hold on the last day of the view and whose whole cost the asker may see."""
    rows = EntityBudget.objects.filter(holding(last_day(ask)), dimension__in=CONSISTS_OF)
    seen = [row for row in rows if _sees(ask, row)]
    names = {row.name for row in seen}
    known = {(one.dimension, one.name): one for one in Entity.objects.filter(name__in=names)}
    found = []
    for row in seen:
        entity = known.get((row.dimension, row.name))
        if entity is None or entity.status != RETIRED:
            owner = entity.owner if entity else ""
            found.append(_kept(ask, row.dimension, row.name, owner, row))
    return sorted(found, key=lambda one: (-one.pace_share, one.kind, one.name))


def _sees(ask: Ask, row: EntityBudget) -> bool:
    """A plan for the whole is shown to whoever sees the whole."""
    teams = ask.asker.teams
    return teams is None or (may_see_plans(ask.asker, row.dimension) and row.name in teams)


def _kept(ask: Ask, kind: str, name: str, owner: str, budget) -> Kept:
    span = budget_period(budget.period, last_day(ask))
    burnt = burn(ask, kind, name, budget)
    gone = (ask.period.end - span.start).days
    pace = burnt.used * span.length_days / gone
    ends = None
    if burnt.used > 0 and pace > budget.amount:
        days = int(budget.amount * gone / burnt.used)
        ends = min(span.start + timedelta(days=days), span.end - timedelta(days=1))
    url = target_url(ask, kind, name)
    return Kept(kind, name, owner, burnt, gone, span.length_days, pace, ends, url)


def lead(ask: Ask) -> dict:
    found = ask.once(budgets)
    if not found:
        text = " Give the largest names one below; it is compared with what they cost from then on."
        return {"parts": [("No budget is set.", True), (text, False)]}
    over = [one for one in found if one.state == "over"]
    ahead = [one for one in found if one.state == "ahead"]
    if not over and not ahead:
        many = f"All {len(found)} budgets hold" if len(found) > 1 else "The one budget holds"
        return {"parts": [(many, True), (" at the pace so far.", False)]}
    first = (over or ahead)[0]
    money = numbers.money(abs(first.burn.used - first.burn.amount), first.burn.currency, 0)
    if over:
        parts = [(first.name, True), (f" is {money} over its {first.burn.period}’s budget", False)]
        rest = len(over) - 1
        parts += [(f"; {rest} more {'is' if rest == 1 else 'are'} over too", False)] if rest else []
    else:
        when = numbers.day(first.ends)
        parts = [(first.name, True), (f" uses up its budget on {when} at the pace so far", False)]
    if over and ahead:
        text = numbers.plural(len(ahead), "more goes", "more go")
        parts.append((f". {text} over at the pace so far", False))
    return {"parts": [*parts, (".", False)]}


def table(ask: Ask) -> dict:
    found = ask.once(budgets)
    rows = [
        {
            "one": one,
            "kind": label(one.kind).lower(),
            "bar": {
                "used": _at(one.burn.used / one.burn.amount),
                "pace": _at(one.pace_share),
                "gone": _at(one.burn.gone),
                "limit": _at(Decimal(1)),
            },
            "over_by": one.burn.used - one.burn.amount,
        }
        for one in found
    ]
    return {"rows": rows, "until": numbers.day(last_day(ask)), "names": reverse("targets")}


def _at(share: Decimal) -> str:
    return str(round(max(min(share, BAR_TOP), ZERO) / BAR_TOP * BAR_WIDTH, 1))


def table_data(ask: Ask) -> Sheet:
    rows = [
        {
            "kind": one.kind,
            "name": one.name,
            "owner": one.owner,
            "budget_period": one.burn.period,
            "currency": one.burn.currency,
            "budget": one.burn.amount,
            "used": one.burn.used,
            "days_gone": one.days_gone,
            "days_in_period": one.days,
            "at_this_pace": one.pace.quantize(RATIO_DIGITS),
            "used_up_on": one.ends,
        }
        for one in ask.once(budgets)
    ]
    return sheet_of("Budgets", ask.report("cost"), COLUMNS, rows)


def without(ask: Ask) -> dict:
    """The features that cost most and have no budget."""
    if ask.asker.teams is not None:
        return {"rows": []}
    held = {one.name for one in ask.once(budgets) if one.kind == "feature"}
    rows = [
        {
            "name": line.names[0],
            "cost": line.cost,
            "currency": block.currency,
            "swatch": line.swatch,
            "edit": reverse("target_edit", args=["feature", line.names[0]]),
            "url": target_url(ask, "feature", line.names[0]),
        }
        for block in cost_blocks(ask, ("feature",))
        for line in block.lines
        if line.line == "owned" and line.names[0] not in held
    ]
    return {"rows": rows[:WITHOUT_SHOWN], "may_edit": may_edit_names(ask.user)}


BUDGETS = Page(
    slug="budgets",
    title="Budgets",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("table", "parts/budgets_table.html", table, table=table_data, title="Budgets"),
        Panel("without", "parts/budgets_without.html", without),
        RESIDUAL,
    ),
    picks=("period", "basis"),
    filters=(),
)
