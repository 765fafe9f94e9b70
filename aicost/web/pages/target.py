"""One name: what it costs and consists of, who owns it, what stands above it, what was changed."""

from datetime import date
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse

from aicost.accounts.scope import may_describe, may_see_margin
from aicost.web import figures, numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.exports import sheet_of_blocks
from aicost.web.filters import label
from aicost.web.names import (
    CONSISTS_OF,
    budgets_on,
    burn,
    cost_after,
    dimension_of,
    kind_of,
    last_day,
    may_see_plans,
    target_url,
)
from aicost.web.notes import NOTES, named_days
from aicost.web.parts import (
    RESIDUAL,
    STAMP,
    Figure,
    against,
    cost_blocks,
    estimate_step,
    legend,
    money_figure,
    moved,
    periods_of,
    stacks,
    twin,
    why_url,
)
from aicost.web.said import case_of, facts_of, history_of
from aicost.web.shell import Page, Panel, for_people, refuse, render_page
from aicost.web.tables import Block, blocks, shorten
from aicost.web.units import per_thousand, unit_rows
from attribution.entities.registry import entity_of
from attribution.entities.seen import is_seen
from attribution.models import Entity
from attribution.reports.sheets import Sheet
from attribution.reports.spec import BadSpec
from attribution.reports.unit_cost import REPORT as UNIT_COST

ZERO = Decimal(0)
ROWS_MAX = 12


def subject(ask: Ask) -> tuple[str, str, str]:
    """(dimension of reports, kind, name) of the page: the first filter that is a name. Raises
    `BadSpec` when the address names none."""
    for dimension, values in ask.view.filters.items():
        if kind_of(dimension) in CONSISTS_OF and values[0]:
            return dimension, kind_of(dimension), values[0]
    raise BadSpec("no name is given: write for instance feature=search")


def said_of(ask: Ask) -> Entity | None:
    _, kind, name = subject(ask)
    return entity_of(kind, name)


def _burn(ask: Ask):
    _, kind, name = subject(ask)
    budget = (
        budgets_on(kind, last_day(ask)).get(name)
        if may_see_plans(ask.asker, subject(ask)[1])
        else None
    )
    return burn(ask, kind, name, budget) if budget else None


def lead(ask: Ask) -> dict:
    _, kind, name = subject(ask)
    entity, found = said_of(ask), cost_blocks(ask, ())
    if found:
        block = found[0]
        parts = [
            (f"{entity.title if entity and entity.title else name} cost ", False),
            (numbers.money(block.total.cost, block.currency), True),
            (f" over {numbers.period(ask.period, year=True)}", False),
        ]
        if block.total.previous is not None:
            grown = numbers.change_percent(block.total.cost, block.total.previous)
            parts.append((f" ({grown} {against(ask)})", False))
    else:
        parts = [("No cost stands on it in this period", True)]
    if (used := _burn(ask)) is not None:
        text = f", {used.share} of its budget with {used.gone_share} of the {used.period} gone"
        parts.append((text, used.is_over))
    owner = entity.owner if entity else ""
    parts.append((f". {owner} owns it." if owner else ". Nobody is named as its owner.", False))
    for currency, cost in cost_after(ask, kind, entity)[:1]:
        since = f" on {numbers.day_year(entity.retired_on)}" if entity.retired_on else ""
        told = f" It was retired{since} and still costs {numbers.money(cost, currency)}."
        parts.append((told, True))
    return {"parts": parts}


def key_figures(ask: Ask) -> dict:
    found, final = cost_blocks(ask, ()), ask.report("cost").final
    shown = []
    for block in found[:1]:
        total = block.total
        change = moved(ask, total.cost, total.previous, block.currency)
        shown.append(money_figure("Cost", total.cost, block.currency, under=change, final=final))
        part = f"{numbers.percent(total.idle_cost, total.cost)} of its cost"
        under = (("", part, False),)
        shown.append(
            money_figure("Own idle", total.idle_cost, block.currency, under=under, final=final)
        )
    if not found:
        shown.append(Figure("Cost", numbers.UNKNOWN, word=True))
    shown.append(_unit_figure(ask, final))
    if may_see_plans(ask.asker, subject(ask)[1]):
        shown.append(_budget_figure(ask))
    if (case := _case(ask)) is not None:
        shown.append(case)
    return {"figures": [one for one in shown if one is not None]}


def _unit_figure(ask: Ask, final: bool) -> Figure | None:
    dimension, _, name = subject(ask)
    if dimension not in UNIT_COST.groups:
        return None
    unit = next((u for u in unit_rows(ask, (dimension,)) if u.name == name and u.currency), None)
    if unit is None or unit.loaded is None:
        under = (("", "no calls are known to it", False),)
        return Figure("Loaded per 1k calls", numbers.UNKNOWN, word=True, under=under)
    text = f"{numbers.short_count(unit.requests)} calls"
    value = per_thousand(unit.loaded, unit.currency)
    return Figure("Loaded per 1k calls", value, under=(("", text, False),), final=final)


def _budget_figure(ask: Ask) -> Figure:
    used = _burn(ask)
    if used is None:
        return Figure("Budget used", "not set", word=True)
    money = numbers.money(used.used, used.currency, 0)
    whole = numbers.money(used.amount, used.currency, 0)
    gone = f"{used.gone_share} of the {used.period} gone"
    words = (gone, "") if used.is_ahead else ("", gone)
    under = (("", f"{money} of {whole} a {used.period}", False), (*words, used.is_over))
    return Figure("Budget used", used.share, under=under)


def _case(ask: Ask) -> Figure | None:
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


def _stepped(ask: Ask) -> list[Block]:
    answer = ask.report("cost", group_by=("service",), granularity=ask.view.granularity)
    return blocks(answer.rows, ("service",), colour=colour)


def chart(ask: Ask) -> dict:
    found, step = _stepped(ask), ask.view.granularity
    title = f"Cost per {step}"
    if not found:
        return {"title": title, "empty": True}
    block = found[0]
    layers = stacks(block)

    def write(amount: Decimal | None) -> str:
        return numbers.money(amount or ZERO, block.currency)

    return {
        "title": title,
        "size": "medium",
        "legend": legend(layers),
        "estimate": estimate_step(ask, step) is not None,
        "dots": bool(ask.rows_before("cost", group_by=("service",), granularity=step)),
        "summary": f"{title} by service, {ask.view.basis}, {block.currency}; "
        f"total {numbers.money(block.total.cost, block.currency)}.",
        "twin": twin(layers, periods_of(ask.period, step), step, write),
    }


def figure(ask: Ask) -> dict:
    found, step = _stepped(ask), ask.view.granularity
    if not found:
        return {"data": [], "layout": {}}
    periods = periods_of(ask.period, step)
    events = named_days(ask, step)
    axis = figures.Axis(
        step, found[0].currency, estimate_from=estimate_step(ask, step), events=events
    )
    return figures.stacked_bars(
        stacks(found[0]), periods, axis, previous=_dots(ask, found[0].currency, periods)
    )


def _dots(ask: Ask, currency: str, periods: list[date]) -> list[Decimal | None]:
    """Totals of the period compared with, step by step beside today's."""
    step = ask.view.granularity
    rows = ask.rows_before("cost", group_by=("service",), granularity=step) or []
    was = {b.currency: b.total.by_period for b in blocks(rows, ("service",), colour=colour)}
    if currency not in was:
        return []
    before = [was[currency].get(period) for period in periods_of(ask.view.other, step)]
    return before[: len(periods)]


def _parts(ask: Ask, dimension: str) -> dict:
    found = [shorten(block, ROWS_MAX) for block in cost_blocks(ask, (dimension,))]
    for block in found:
        for line in [*block.lines, block.total]:
            if line.line != "other":
                line.why = why_url(ask, line, (dimension,), block.currency)
            if line.line == "owned" and kind_of(dimension) in CONSISTS_OF:
                line.drill = target_url(ask, kind_of(dimension), line.key[1])
    return {"blocks": found, "title": label(dimension), "period": numbers.period(ask.period)}


def _parts_data(ask: Ask, dimension: str) -> Sheet:
    group_by = (dimension,)
    answer = ask.report("cost", group_by=group_by)
    return sheet_of_blocks(label(dimension), ask, answer, cost_blocks(ask, group_by), group_by)


def _parted(ask: Ask) -> str:
    dimension, kind, _ = subject(ask)
    return "model" if dimension != kind else CONSISTS_OF[kind]


def consists(ask: Ask) -> dict:
    return _parts(ask, _parted(ask))


def consists_data(ask: Ask) -> Sheet:
    return _parts_data(ask, _parted(ask))


def services_data(ask: Ask) -> Sheet:
    return _parts_data(ask, "service")


def services(ask: Ask) -> dict:
    return _parts(ask, "service")


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


TARGET = Page(
    slug="target",
    title="Name",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures),
        Panel("chart", "parts/target_chart.html", chart, figure),
        NOTES,
        Panel(
            "consists", "parts/target_parts.html", consists, None, consists_data, "What is in it"
        ),
        Panel("services", "parts/target_parts.html", services, None, services_data, "Services"),
        Panel("facts", "parts/target_facts.html", facts),
        Panel("history", "parts/target_history.html", history),
        RESIDUAL,
    ),
    picks=("period", "compare", "step", "basis", "currency"),
    under="targets",
)


@for_people
def page(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """One name of the kind: the view with this name as its only filter."""
    if kind not in CONSISTS_OF:
        raise Http404(f"there are no names of kind {kind}")
    ask = ask_of(request)
    if not is_seen(ask.asker, kind, name):
        return refuse(request, f"{kind} {name}")
    ask = ask.with_view(filters={dimension_of(kind, name): (name,)})
    more = {"heading": name, "title": name, "subject": label(kind), "kind": kind,
            "filter_dimensions": [], "chips": []}  # fmt: skip
    return render_page(request, TARGET, ask, **more)
