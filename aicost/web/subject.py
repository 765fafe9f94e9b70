"""One name and what is said of it: the pieces all pages about a name share. The name is a filter of
the view, so that charts, panels and reports of its page are asked the same."""

from aicost.accounts.scope import may_describe, may_see_margin
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.budgeted import Held, held
from aicost.web.names import (
    CONSISTS_OF,
    cost_after,
    entity_said,
    kind_of,
    may_see_plans,
)
from aicost.web.parts import Figure, money_figure
from aicost.web.said import case_of, facts_of, history_of
from aicost.web.units import per_thousand, unit_rows
from attribution.entities.seen import is_seen
from attribution.models import Entity
from attribution.reports.spec import BadSpec, NotAllowed
from attribution.reports.unit_cost import REPORT as UNIT_COST


def subject(ask: Ask) -> tuple[str, str, str]:
    """(dimension of reports, kind, name) of the page: the first filter that is a name. Raises
    `BadSpec` when the address names none, `NotAllowed` for one that the asker does not see: a
    panel can be asked for without its page."""
    return ask.once(_subject)


def _subject(ask: Ask) -> tuple[str, str, str]:
    for dimension, values in ask.view.filters.items():
        if kind_of(dimension) in CONSISTS_OF and values[0]:
            if not is_seen(ask.asker, kind_of(dimension), values[0]):
                raise NotAllowed(f"{kind_of(dimension)} {values[0]} is of no team of yours")
            return dimension, kind_of(dimension), values[0]
    raise BadSpec("no name is given: write for instance feature=search")


def said_of(ask: Ask) -> Entity | None:
    return ask.once(_said)


def _said(ask: Ask) -> Entity | None:
    _, kind, name = subject(ask)
    return entity_said(kind, name)


def budget_of(ask: Ask) -> Held | None:
    """How its budget goes, for whoever may see that."""
    return ask.once(_budget)


def _budget(ask: Ask) -> Held | None:
    _, kind, name = subject(ask)
    return held(ask, kind).get(name) if may_see_plans(ask.asker, kind) else None


def budget_words(ask: Ask) -> list[tuple[str, bool]]:
    """Part of a lead: how much of its budget is used, and of the time gone."""
    used = budget_of(ask)
    if used is None or not used.known:
        return []
    return [(f" {used.share} of its budget is used", used.is_over), (f" with {used.gone}.", False)]


def unit_figure(ask: Ask, final: bool) -> Figure | None:
    dimension, _, name = subject(ask)
    if dimension not in UNIT_COST.groups:
        return None
    rows = unit_rows(ask, (dimension,), compared=False)
    unit = next((u for u in rows if u.name == name and u.currency), None)
    if unit is None or unit.loaded is None:
        under = (("", "no inferences are known of it", False),)
        return Figure("Loaded per 1k inferences", numbers.UNKNOWN, word=True, under=under)
    text = f"{numbers.short_count(unit.requests)} inferences"
    value = per_thousand(unit.loaded, unit.currency)
    return Figure("Loaded per 1k inferences", value, under=(("", text, False),), final=final)


def budget_figure(ask: Ask) -> Figure:
    used = budget_of(ask)
    if used is None:
        return Figure("Budget used", "not set", word=True)
    if not used.known:
        set_to = "" if used.amount is None else numbers.money(used.amount, used.currency, 0)
        under = (("", f"{set_to} {used.each}".strip(), False), ("", "not worked out", False))
        return Figure("Budget used", numbers.UNKNOWN, word=True, under=under)
    money = numbers.money(used.used, used.currency, 0)
    whole = numbers.money(used.amount, used.currency, 0)
    end = (used.outlook, "", True) if used.is_alerted else ("", used.outlook, False)
    under = (("", f"{money} of {whole} {used.each}", False), ("", used.gone, False), end)
    return Figure("Budget used", used.share, under=under)


def case_figure(ask: Ask) -> Figure | None:
    _, kind, name = subject(ask)
    if kind not in ("feature", "product") or not may_see_margin(ask.user):
        return None
    case = case_of(ask, kind, name, said_of(ask))
    if case.revenue is None:
        under = (("", "no revenue was told of it", False),)
        return Figure("Revenue", numbers.UNKNOWN, word=True, under=under)
    under = ()
    if case.expected is not None:
        share = numbers.percent(case.revenue, case.expected, 0)
        expected = numbers.money(case.expected, case.currency, 0)
        under = ((share, f"of the {expected} expected", False),)
    return money_figure("Revenue", case.revenue, case.currency, under=under)


def facts(ask: Ask) -> dict:
    _, kind, name = subject(ask)
    entity = said_of(ask)
    return {
        "facts": facts_of(ask, kind, name, entity, plans=may_see_plans(ask.asker, subject(ask)[1])),
        "registered": entity is not None,
        "may_edit": may_describe(ask.user),
        "kind": kind,
        "name": name,
    }


def history(ask: Ask) -> dict:
    _, kind, name = subject(ask)
    return {"changes": history_of(kind, name, plans=may_see_plans(ask.asker, subject(ask)[1]))}


def late_words(ask: Ask) -> list[tuple[str, bool]]:
    """Part of a lead: that a name is retired and still costs money."""
    _, kind, name = subject(ask)
    entity = said_of(ask)
    late = cost_after(ask, kind, [entity] if entity else [])
    for currency, cost in late.get(name, [])[:1]:
        since = f" on {numbers.day_year(entity.retired_on)}" if entity.retired_on else ""
        return [(f" It was retired{since} and still costs {numbers.money(cost, currency)}.", True)]
    return []
