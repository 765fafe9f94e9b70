"""Cost layers: what the money buys, from compute to storage, month by month; sums to the bill."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

from django.urls import reverse

from aicost.kernel.periods import Period, month_start, previous_month
from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.exports import sheet_of_blocks
from aicost.web.filters import DIMENSIONS
from aicost.web.idle import add_idle
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
    stacks,
    twin,
    why_url,
)
from aicost.web.shell import Page, Panel
from aicost.web.sizes import is_large
from aicost.web.sorting import LINES
from aicost.web.tables import Block, Line
from attribution.reports.serving_modes import FILTERS as OF_MODES
from attribution.reports.sheets import Sheet, sheet_of_answer
from attribution.reports.spec import LAYER, Answer

ZERO = Decimal(0)
BY_LAYER = (LAYER,)
MONTHS = 6
KEPT_WARM = "hosting_kept_warm"
# What a layer is best read by, one step down.
NEXT_GROUP = {
    "inference_compute": "model",
    KEPT_WARM: "workload",
    "model_api": "model",
    "training_compute": "experiment",
}
WORDS = {
    "inference_compute": "GPUs and machines while they serve",
    KEPT_WARM: "the same while they wait: held or empty idle of what serves",
    "model_api": "models that bill by tokens",
    "training_compute": "training and experiments, their own idle included",
    "data_processing": "pipelines, databases, vector stores",
    "storage": "buckets, disks, checkpoints, backups",
    "data_movement": "egress, transfer between zones and regions, gateways",
    "observability": "logs, metrics, traces",
    "other": "used by a workload, of no layer above",
    "shared": "tax, support, fees, commitments, credits",
    "idle": "capacity nobody reserved, unused commitments",
    "unattributed": "used, but nobody can say by whom or for what",
}


def lead(ask: Ask) -> dict:
    return _told(ask, cost_blocks(ask, BY_LAYER))


def first_lead(ask: Ask) -> dict:
    """What was largest, while the period before is being summed."""
    return _told(ask, cost_blocks(ask.with_view(compare="none"), BY_LAYER))


def _told(ask: Ask, found: list[Block]) -> dict:
    if not found:
        text = " Connect an account under Sources, add files, or choose another period."
        return {"parts": [("Nothing has been billed in this period.", True), (text, False)]}
    block, currency = found[0], found[0].currency
    owned = [line for line in block.lines if line.line == "owned"]
    if not owned:
        return {"parts": [("No cost of this period says what it bought.", True)]}
    first = max(owned, key=lambda line: line.cost)
    parts = [
        (f"{first.names[0]} is ", False),
        (numbers.money(first.cost, currency), True),
        (f" or {numbers.percent(first.cost, block.total.cost)} of AI cost", False),
    ]
    warm = next((line for line in owned if line.key[1] == KEPT_WARM), None)
    if warm and warm is not first:
        parts.append(("; keeping models warm that nobody called cost ", False))
        parts.append((numbers.money(warm.cost, currency), True))
    return {"parts": [*parts, (".", False), *_grown_most(ask, block)]}


def _grown_most(ask: Ask, block: Block) -> list[tuple[str, bool]]:
    known = [x for x in block.lines if x.line == "owned" and x.delta]
    if not known:
        return []
    most = max(known, key=lambda line: abs(line.delta))
    way = "grew" if most.delta > 0 else "shrank"
    by = numbers.money(abs(most.delta), block.currency)
    return [(f" {most.names[0]} {way} most, by {by} {against(ask)}.", False)]


def _months(ask: Ask) -> Period:
    """The period and as many months before it as make six."""
    first = month_start(date.fromordinal(ask.period.end.toordinal() - 1))
    for _ in range(MONTHS - 1):
        first = previous_month(first)
    return Period(min(first, month_start(ask.period.start)), ask.period.end)


def _monthly(ask: Ask) -> Block | None:
    found = cost_blocks(
        ask.with_view(compare="none"), BY_LAYER, period=_months(ask), granularity="month"
    )
    return found[0] if found else None


def chart(ask: Ask) -> dict:
    block = _monthly(ask)
    if block is None:
        return {"empty": True}
    layers, when = stacks(block), periods_of(_months(ask), "month")

    def write(amount):
        return numbers.money(amount or ZERO, block.currency)

    note = f"AI cost per month by layer, {ask.view.basis}, {block.currency}"
    return {
        "title": "By month",
        "note": f"{note}.",
        "hatched": hatched(ask, "month", _months(ask)),
        "legend": legend(layers),
        "twin": twin(layers, when, "month", write),
        "size": "medium",
        "summary": f"{note}.",
    }


def figure(ask: Ask) -> dict:
    block = _monthly(ask)
    if block is None:
        return {"data": [], "layout": {}}
    axis = figures.Axis("month", block.currency, estimate_from=estimate_step(ask, "month"),
                        cut=cut_steps(_months(ask), "month"))  # fmt: skip
    when = periods_of(_months(ask), "month")
    return figures.stacked_bars(stacks(block), when, axis, totals=True, named=True)


def table(ask: Ask) -> dict:
    """Every layer with its change; a click on its name asks Explore the same, one step down."""
    found = cost_blocks(ask, BY_LAYER)
    add_idle(ask, found)
    for block in found:
        for line in [*block.lines, block.total]:
            line.why = why_url(ask, line, BY_LAYER, block.currency)
            line.drill = f"{reverse('explore')}?{_explored(ask, line)}"
            line.page = WORDS.get(line.key[1] if line.line == "owned" else line.line, "")
    return {
        "blocks": LINES.blocks(ask.view, found),
        "period": numbers.period(ask.period),
        "other": numbers.period(ask.view.other) if ask.view.other else "",
        "explore": ask.view.query(group_by=BY_LAYER),
    }


def sheet(ask: Ask) -> Sheet:
    answer = ask.report("cost", group_by=BY_LAYER)
    return sheet_of_blocks("Cost layers", ask, answer, cost_blocks(ask, BY_LAYER), BY_LAYER)


def modes(ask: Ask) -> dict:
    """Inference by serving mode: what a mode costs while it serves and while it waits."""
    rows = _modes(ask).rows
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row["currency"]] = totals.get(row["currency"], ZERO) + row["cost"]
    told = any(row["serving_mode"] for row in rows)
    return {"rows": rows if told else [], "totals": totals, "period": numbers.period(ask.period)}


def _modes(ask: Ask) -> Answer:
    kept = {k: v for k, v in ask.view.filters.items() if k in OF_MODES}
    return ask.report("serving_modes", group_by=(), filters=kept, idle="shown", shared="shown")


def modes_sheet(ask: Ask) -> Sheet:
    return sheet_of_answer("Inference by serving mode", _modes(ask))


def _explored(ask: Ask, line: Line) -> str:
    """The address that narrows Explore to the line: exactly its figure."""
    if line.line == "total":
        return ask.view.query(group_by=BY_LAYER)
    layer = line.key[1]
    more = {LAYER: (layer,)} if layer else {LAYER: ("",), "kind": (line.line,)}
    group = NEXT_GROUP.get(layer, "service") if layer else "state"
    return ask.view.query(group_by=(group,), filters={**ask.view.filters, **more})


LAYERS = Page(
    slug="layers",
    title="Cost layers",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead, title="What grew", lazy=is_large, size="low",
              first=first_lead),
        Panel("chart", "parts/layers_chart.html", chart, figure, title="By month", lazy=is_large),
        Panel("table", "parts/layers_table.html", table, table=sheet, title="Cost layers",
              lazy=is_large, size="tall", sorting=LINES),
        Panel("modes", "parts/layers_modes.html", modes, table=modes_sheet,
              title="Inference by serving mode", lazy=True, size="low"),
        replace(RESIDUAL, build=partial(residual, group_by=BY_LAYER)),
    ),
    picks=("period", "compare", "basis", "pools", "currency"),
    filters=DIMENSIONS,
    asks=BY_LAYER,
)  # fmt: skip
