"""Explore: any question about cost, as bars and as a table that sums."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aicost.web import figures, numbers, spark
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.events import Event, standouts
from aicost.web.explored import (
    KEYS,
    ROWS_MAX,
    Shape,
    add_swatches,
    drawn,
    drill_links,
    running,
    running_sums,
    shape_of,
)
from aicost.web.exports import csv_of, sheet_of_blocks
from aicost.web.filters import CHARTS, STEPS, label
from aicost.web.idle import add_idle
from aicost.web.names import CONSISTS_OF, kind_of, target_url
from aicost.web.notes import NOTES, by_day, named_days
from aicost.web.parts import (
    RESIDUAL,
    STAMP,
    against,
    cost_blocks,
    cut_steps,
    estimate_step,
    hatched,
    legend,
    periods_of,
    residual,
    twin,
    whole_steps,
    why_url,
)
from aicost.web.shell import Page, Panel, for_people, render_page
from aicost.web.sizes import is_large
from aicost.web.sorting import LINES
from aicost.web.tables import Block, Line, blocks, shorten
from attribution.reports import REPORTS
from attribution.reports.base import check
from attribution.reports.sheets import Sheet, sheet_of_answer

ZERO = Decimal(0)


def stepped(ask: Ask) -> list[Block]:
    """The view's cost per step of the chart, one block a currency."""
    answer = ask.report("cost", granularity=ask.view.granularity)
    return blocks(answer.rows, ask.view.group_by, colour=colour)


def lead(ask: Ask) -> dict:
    found = cost_blocks(ask, ask.view.group_by)
    if not found:
        return {"parts": [("No cost stands in this period", True), (_why_empty(ask), False)]}
    total = found[0].total
    parts = [
        (numbers.money(total.cost, found[0].currency), True),
        (f" over {numbers.period(ask.period, year=True)}", False),
    ]
    if total.previous is not None:
        moved = numbers.change(total.delta, found[0].currency)
        grown = numbers.change_percent(total.cost, total.previous)
        parts.append((f", {moved} ({grown}) {against(ask)}", False))
    elif ask.view.other is not None:
        parts.append((f"; no bill covers {numbers.period(ask.view.other)}", False))
    for block in found[1:]:
        parts.append((f", and {numbers.money(block.total.cost, block.currency)}", False))
    return {"parts": [*parts, (".", False)]}


def _why_empty(ask: Ask) -> str:
    if ask.view.filters:
        return ". Take a filter away, or choose another period."
    return ". Choose another period, or add a bill under Add data."


def chart(ask: Ask, shape: Shape) -> dict:
    found, step = stepped(ask), ask.view.granularity
    tabs = [(name, shape.query(ask, chart=name), ask.view.chart == name) for name in CHARTS]
    heads = {
        "tabs": tabs,
        "steps": [(s, shape.query(ask, step=s), s == step) for s in STEPS],
        "sums": [
            (f"Per {step}", replace(shape, runs=False).query(ask), not shape.runs),
            ("Cumulative", replace(shape, runs=True).query(ask), shape.runs),
        ],
    }
    if not found:
        return heads | {"empty": True, "legend": []}
    block, periods = found[0], periods_of(ask.period, step)
    layers = _layers(ask, shape, block)

    def write(amount):
        return numbers.money(amount or ZERO, block.currency)

    group = " and ".join(label(g).lower() for g in ask.view.group_by)
    bars = ask.view.chart == "bars"
    return heads | {
        "figure": f"{reverse('figure', args=['explore', 'chart'])}?{shape.query(ask)}",
        "legend": legend(layers),
        "hatched": hatched(ask, step) if bars else "",
        "dots": bars and bool(ask.rows_before("cost", granularity=step)),
        "table_only": ask.view.chart == "table",
        "events": [
            (event.text(currency), _event_url(ask, event, currency))
            for event, currency in stands_out(ask)
        ],
        "happened": _happened(ask),
        "twin": twin(layers, periods, step, write, cut_steps(ask.period, step)),
        "twin_name": "" if ask.view.chart != "table" else f"Every {step}",
        "summary": f"Cost by {group} {_rate(ask, shape)}, {ask.view.basis}, {block.currency}; "
        f"total {numbers.money(block.total.cost, block.currency)}.",
    }


def _rate(ask: Ask, shape: Shape) -> str:
    return "added up" if shape.runs else f"per {ask.view.granularity}"


def _layers(ask: Ask, shape: Shape, block: Block) -> list[figures.Stack]:
    layers = drawn(block)
    return running(layers, periods_of(ask.period, ask.view.granularity)) if shape.runs else layers


def figure(ask: Ask, shape: Shape) -> dict:
    """Stacked bars (or lines) of the largest currency, dots for the period compared with."""
    found = stepped(ask)
    if not found:
        return {"data": [], "layout": {}}
    block, step = found[0], ask.view.granularity
    periods = periods_of(ask.period, step)
    layers = _layers(ask, shape, block)
    events = named_days(ask, step)
    events |= {e.period.start: e.text(currency) for e, currency in stands_out(ask)}
    first = estimate_step(ask, step)
    axis = figures.Axis(step, block.currency, estimate_from=first, events=events,
                        cut=cut_steps(ask.period, step))  # fmt: skip
    if ask.view.chart == "lines":
        return _drilled(figures.lines(layers, periods, axis), ask, shape, block, layers)
    dots = _dots(ask, block, periods)
    dots = running_sums(dots) if shape.runs else dots
    bars = figures.stacked_bars(layers, periods, axis, previous=dots)
    return _drilled(bars, ask, shape, block, layers)


def _drilled(drawn: dict, ask: Ask, shape: Shape, block: Block, layers: list) -> dict:
    """Each layer carries the address that a click on it leads to."""
    for trace, address in zip(drawn["data"], drill_links(ask, shape, block, layers), strict=False):
        trace["meta"] = address
    return drawn


def stands_out(ask: Ask) -> list[tuple[Event, str]]:
    """Days on which idle, shared or unattributed cost far more than usual, with the currency of
    the chart; only where the chart has days."""
    if ask.view.granularity != "day":
        return []
    answer = ask.report("cost", granularity="day", group_by=("state",))
    found = blocks(answer.rows, ("state",), colour=colour)
    if not found:
        return []
    events = standouts(found[0], periods_of(ask.period, "day"))
    return [(event, found[0].currency) for event in events]


def _happened(ask: Ask) -> list[tuple]:
    """Deploys, notes, prices and so on; only where the chart has days."""
    if ask.view.granularity != "day":
        return []
    return [(one.day, one.text, one.url) for one in by_day(ask)]


def _event_url(ask: Ask, event: Event, currency: str) -> str:
    """The address that says why: the state on its days."""
    days = ask.with_view(period=event.period)
    line = Line((event.line, event.state), (), event.line)
    return why_url(days, line, ("state",), currency)


def _dots(ask: Ask, block: Block, periods: list) -> list[Decimal | None]:
    """Totals of the period compared with, step by step beside today's."""
    rows = ask.rows_before("cost", granularity=ask.view.granularity)
    if rows is None:
        return []
    was = {b.currency: b for b in blocks(rows, ask.view.group_by, colour=colour)}
    if block.currency not in was:
        return []
    by_period = was[block.currency].total.by_period
    before = [by_period.get(p) for p in periods_of(ask.view.other, ask.view.granularity)]
    return before[: len(periods)]


def table(ask: Ask, shape: Shape) -> dict:
    """All lines with share, change, evidence and a sparkline; they add up to the total."""
    found = [shorten(b, shape.rows) for b in cost_blocks(ask, ask.view.group_by)]
    found = LINES.blocks(ask.view, found)
    steps = {b.currency: b for b in stepped(ask)}
    daily = {c: {x.key: x for x in b.lines} | {("total",): b.total} for c, b in steps.items()}
    whole = whole_steps(ask, ask.period, ask.view.granularity)
    add_idle(ask, found)
    for block in found:
        series = daily.get(block.currency, {})
        add_swatches(block, drawn(steps[block.currency]) if block.currency in steps else [])
        owned = [x for x in block.lines if x.line != "total"]
        top = max(
            (v for x in owned if x.key in series for v in series[x.key].by_period.values()),
            default=ZERO,
        )
        for line in [*block.lines, block.total]:
            line.why = (
                why_url(ask, line, ask.view.group_by, block.currency)
                if line.line != "other"
                else ""
            )
            line.drill = _drill(ask, shape, line)
            kind = kind_of(ask.view.group_by[0])
            if line.line == "owned" and line.key[1] and kind in CONSISTS_OF:
                line.page = target_url(ask, kind, line.key[1])
            line.spark = _spark(series.get(line.key), whole, top, line is block.total)
    return {
        "blocks": found,
        "groups": [label(g) for g in ask.view.group_by],
        "period": numbers.period(ask.period),
        "other": numbers.period(ask.view.other) if ask.view.other else "",
        "step": ask.view.granularity,
        "spread": "spread" in (ask.view.idle, ask.view.shared),
        "longer": shape.longer.query(ask) if shape.rows < ROWS_MAX else "",
    }


def table_data(ask: Ask) -> Sheet:
    """Every line, those too that the page folds into one."""
    group_by = ask.view.group_by
    found = cost_blocks(ask, group_by)
    return sheet_of_blocks("Cost", ask, ask.report("cost", group_by=group_by), found, group_by)


def chart_data(ask: Ask) -> Sheet:
    """What the chart draws, one row a step and line."""
    answer = ask.report("cost", granularity=ask.view.granularity)
    return sheet_of_answer(f"Cost per {ask.view.granularity}", answer)


def _drill(ask: Ask, shape: Shape, line: Line) -> str:
    """The address with this line as a filter: a click on its name."""
    if line.line != "owned":
        return ""
    filters = dict(ask.view.filters)
    filters |= {g: (v,) for g, v in zip(ask.view.group_by, line.key[1:], strict=True)}
    return shape.query(ask, filters=filters)


def _spark(line: Line | None, periods: list, top: Decimal, own_scale: bool) -> dict | None:
    if line is None:
        return None
    values = [line.by_period.get(p, ZERO) for p in periods]
    path = spark.points(values, max(values) if own_scale else top)
    return {"points": path, "end": spark.last_point(path)} if path else None


def by_group(ask: Ask) -> dict:
    """The residual of the table above: its lines have no name of the group."""
    return residual(ask, ask.view.group_by)


@for_people
def csv(request: HttpRequest) -> HttpResponse:
    """Exactly what the page shows, unrounded, one row a step."""
    ask = ask_of(request)
    return csv_of(request, ask, "cost", granularity=ask.view.granularity)


def read(request: HttpRequest) -> tuple[Page, Ask]:
    """The page in the shape its address asks for. Raises BadSpec for one there is not."""
    shape = shape_of(request.GET)
    charted = {"build": partial(chart, shape=shape), "figure": partial(figure, shape=shape)}
    shaped = {"chart": charted, "table": {"build": partial(table, shape=shape)}}
    panels = tuple(replace(one, **shaped.get(one.slug, {})) for one in EXPLORE.panels)
    return replace(EXPLORE, panels=panels), ask_of(request)


EXPLORE = Page(
    slug="explore",
    title="Explore",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel(
            "chart",
            "parts/explore_chart.html",
            partial(chart, shape=Shape()),
            partial(figure, shape=Shape()),
            chart_data,
            "The chart",
            lazy=is_large,
        ),
        NOTES,
        Panel(
            "table",
            "parts/explore_table.html",
            partial(table, shape=Shape()),
            table=table_data,
            title="The table",
            lazy=is_large,
            size="tall",
            sorting=LINES,
        ),
        replace(RESIDUAL, build=by_group),
    ),
    picks=("period", "compare", "group", "basis", "pools", "currency"),
    export="explore_csv",
    own=KEYS,
    reads=read,
)


@for_people
def page(request: HttpRequest) -> HttpResponse:
    shown, ask = read(request)
    check(REPORTS["cost"], ask.view.spec("cost", ask.asker))
    group = " and ".join(label(g).lower() for g in ask.view.group_by)
    return render_page(request, shown, ask, heading=f"AI cost by {group}")
