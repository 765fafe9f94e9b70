"""One name: what it costs and consists of, who owns it, what stands above it, what was changed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from aicost.web import figures, numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.exports import sheet_of_blocks
from aicost.web.filters import label
from aicost.web.names import (
    CONSISTS_OF,
    OWN_PAGES,
    dimension_of,
    kind_of,
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
    cut_steps,
    estimate_step,
    hatched,
    legend,
    money_figure,
    moved,
    periods_of,
    stacks,
    twin,
    why_url,
)
from aicost.web.shell import Page, Panel, for_people, refuse, render_page
from aicost.web.sorting import LINES, Sorting
from aicost.web.subject import (
    budget_figure,
    budget_words,
    case_figure,
    facts,
    history,
    late_words,
    said_of,
    subject,
    unit_figure,
)
from aicost.web.tables import Block, blocks, shorten
from aicost.web.unknown import unknown
from attribution.entities.seen import is_seen
from attribution.reports.sheets import Sheet

ZERO = Decimal(0)
ROWS_MAX = 12
BY_SERVICE = replace(LINES, table="services")


def lead(ask: Ask) -> dict:
    _, kind, name = subject(ask)
    entity, found = said_of(ask), _stepped(ask)
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
    owner = entity.owner if entity else ""
    owned = f" {owner} owns it." if owner else " Nobody is named as its owner."
    parts += [(".", False), *budget_words(ask), (owned, False), *late_words(ask)]
    return {"parts": parts}


def first_figures(ask: Ask) -> dict:
    """What the lead and the chart ask, too."""
    found, final = _stepped(ask), ask.trust.final
    shown = []
    for block in found[:1]:
        total = block.total
        change = moved(ask, total.cost, total.previous, block.currency)
        shown.append(money_figure("Cost", total.cost, block.currency, under=change, final=final))
        waits = sum((line.idle_cost for line in block.lines), ZERO)
        under = (("", f"{numbers.percent(waits, total.cost)} of its cost", False),)
        shown.append(money_figure("Own idle", waits, block.currency, under=under, final=final))
    if not found:
        shown.append(Figure("Cost", numbers.UNKNOWN, word=True))
    if may_see_plans(ask.asker, subject(ask)[1]):
        shown.append(budget_figure(ask))
    return {"figures": shown}


def key_figures(ask: Ask) -> dict:
    more = (unit_figure(ask, ask.trust.final), case_figure(ask))
    shown = [*first_figures(ask)["figures"], *more]
    return {"figures": [one for one in shown if one is not None]}


def _stepped(ask: Ask) -> list[Block]:
    """Its cost by service per step of the view, beside what it was: one question for lead, figures
    and chart."""
    return ask.once(_by_service)


def _by_service(ask: Ask) -> list[Block]:
    return cost_blocks(ask, ("service",), granularity=ask.view.granularity)


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
        "hatched": hatched(ask, step),
        "dots": bool(ask.rows_before("cost", group_by=("service",), granularity=step)),
        "summary": f"{title} by service, {ask.view.basis}, {block.currency}; "
        f"total {numbers.money(block.total.cost, block.currency)}.",
        "twin": twin(
            layers, periods_of(ask.period, step), step, write, cut_steps(ask.period, step)
        ),
    }


def figure(ask: Ask) -> dict:
    found, step = _stepped(ask), ask.view.granularity
    if not found:
        return {"data": [], "layout": {}}
    periods = periods_of(ask.period, step)
    events = named_days(ask, step)
    axis = figures.Axis(step, found[0].currency, estimate_from=estimate_step(ask, step),
                        events=events, cut=cut_steps(ask.period, step))  # fmt: skip
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


def _parts(ask: Ask, dimension: str, sorting: Sorting) -> dict:
    found = [shorten(block, ROWS_MAX) for block in cost_blocks(ask, (dimension,))]
    for block in found:
        for line in [*block.lines, block.total]:
            if line.line != "other":
                line.why = why_url(ask, line, (dimension,), block.currency)
            if line.line == "owned" and kind_of(dimension) in CONSISTS_OF:
                line.drill = target_url(ask, kind_of(dimension), line.key[1])
    found = sorting.blocks(ask.view, found)
    # Colours are those of the chart, which is by service.
    return {"blocks": found, "title": label(dimension), "period": numbers.period(ask.period),
            "coloured": dimension == "service"}  # fmt: skip


def _parts_data(ask: Ask, dimension: str) -> Sheet:
    group_by = (dimension,)
    answer = ask.report("cost", group_by=group_by)
    return sheet_of_blocks(label(dimension), ask, answer, cost_blocks(ask, group_by), group_by)


def _parted(ask: Ask) -> str:
    dimension, kind, _ = subject(ask)
    return "model" if dimension != kind else CONSISTS_OF[kind]


def consists(ask: Ask) -> dict:
    return _parts(ask, _parted(ask), LINES)


def consists_data(ask: Ask) -> Sheet:
    return _parts_data(ask, _parted(ask))


def services_data(ask: Ask) -> Sheet:
    return _parts_data(ask, "service")


def services(ask: Ask) -> dict:
    return _parts(ask, "service", BY_SERVICE)


TARGET = Page(
    slug="target",
    title="Name",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel(
            "figures",
            "parts/figures.html",
            key_figures,
            title="Key figures",
            lazy=True,
            size="low",
            first=first_figures,
        ),
        Panel("chart", "parts/target_chart.html", chart, figure),
        replace(NOTES, lazy=True, size="low"),
        Panel(
            "consists",
            "parts/target_parts.html",
            consists,
            table=consists_data,
            title="What is in it",
            lazy=True,
            sorting=LINES,
        ),
        Panel(
            "services",
            "parts/target_parts.html",
            services,
            table=services_data,
            title="Services",
            lazy=True,
            sorting=BY_SERVICE,
        ),
        Panel("facts", "parts/target_facts.html", facts, lazy=True),
        Panel("history", "parts/target_history.html", history, lazy=True),
        RESIDUAL,
    ),
    picks=("period", "compare", "step", "basis", "currency"),
    under="targets",
)


@for_people
def page(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """One name of the kind: the view with this name as its only filter. Names of kinds that have
    pages of their own are shown there."""
    if kind not in CONSISTS_OF:
        raise Http404(f"there are no names of kind {kind}")
    ask = ask_of(request)
    if kind in OWN_PAGES:
        return HttpResponseRedirect(target_url(ask, kind, name))
    if not is_seen(ask.asker, kind, name):
        return refuse(request, f"{kind} {name}")
    ask = ask.with_view(filters={dimension_of(kind, name): (name,)})
    if (answer := unknown(request, ask, kind, name)) is not None:
        return answer
    more = {"heading": name, "title": name, "subject": label(kind), "kind": kind,
            "filter_dimensions": [], "chips": []}  # fmt: skip
    return render_page(request, TARGET, ask, **more)
