"""Small charts of one name over twelve weeks: what a thousand requests of it cost, how many there
were, and what its money bought."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.periods import Period
from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.colours import OWN, colour
from aicost.web.parts import (
    cut_steps,
    estimate_step,
    hatched,
    legend,
    periods_of,
    stacks,
    start_of,
    twin,
)
from aicost.web.shell import Panel
from aicost.web.tables import blocks
from attribution.reports.sheets import Sheet, sheet_of, sheet_of_answer
from attribution.reports.spec import LAYER, Answer

WEEKS = 12
HATCHED, RING = "Hatched", "○"
SMALL, LEGENDED = "parts/small_chart.html", "parts/owned_chart.html"


def weeks(ask: Ask) -> Period:
    """Twelve weeks that end with the view, from a Monday."""
    last = start_of(ask.period.end - timedelta(days=1), "week")
    return Period(last - timedelta(days=7 * (WEEKS - 1)), ask.period.end)


def weekly_axis(ask: Ask, currency: str | None, unit: str = "money") -> figures.Axis:
    """The weeks, those marked that may still change or are not over."""
    cut = cut_steps(weeks(ask), "week")
    return figures.Axis("week", currency, unit, estimate_step(ask, "week"), cut=cut)


def marked(ask: Ask, mark: str) -> str:
    """What a mark of the last weeks means: a week that is not over looks like a fall."""
    told = hatched(ask, "week", weeks(ask))
    return f" {mark}: {told}." if told else ""


def _unit_answer(ask: Ask, dimension: str) -> Answer:
    return ask.report("unit_cost", group_by=(dimension,), period=weeks(ask), granularity="week")


def unit_weeks(ask: Ask, dimension: str) -> list[dict]:
    """Rows of report unit_cost of the page's name, a week each."""
    name = ask.view.filters[dimension][0]
    return [row for row in _unit_answer(ask, dimension).rows if row[dimension] == name]


_CHARTS = {
    "unit": ("Cost per 1k inferences", "Weekly. Dashed: with own idle.", "money",
             (("Marginal", "marginal_cost_per_inference", 1000, "solid"),
              ("Loaded", "loaded_cost_per_inference", 1000, "dash"))),
    "calls": ("Inferences", "Weekly.", "count",
              (("Inferences", "requests", 1, "solid"),)),
}  # fmt: skip


def unit_panel(kind: str, dimension: str) -> Panel:
    """Unit cost as lines, or requests as bars."""
    title, note, unit, columns = _CHARTS[kind]

    def layers(ask: Ask, rows: list[dict]) -> list[figures.Stack]:
        return [
            figures.Stack(name, OWN, _values(rows, column, scale), dash)
            for name, column, scale, dash in columns
        ]

    def axis(ask: Ask, rows: list[dict]) -> figures.Axis:
        currency = next((row["currency"] for row in rows if row["currency"]), "")
        return weekly_axis(ask, currency, unit)

    def build(ask: Ask) -> dict:
        rows = unit_weeks(ask, dimension)
        made = layers(ask, rows)
        if not any(one.values for one in made):
            return {"title": title, "empty": True}
        drawn = axis(ask, rows)
        return {
            "title": title,
            "note": note + marked(ask, HATCHED if unit == "count" else RING),
            "size": "low",
            "summary": f"{title}. {note}",
            "twin": twin(made, periods_of(weeks(ask), "week"), "week", _writer(drawn), drawn.cut),
        }

    def figure(ask: Ask) -> dict:
        rows = unit_weeks(ask, dimension)
        draw = figures.stacked_bars if unit == "count" else figures.lines
        return draw(layers(ask, rows), periods_of(weeks(ask), "week"), axis(ask, rows))

    def data(ask: Ask) -> Sheet:
        shown = ("period", dimension, "currency", *(column for _, column, _, _ in columns))
        rows = unit_weeks(ask, dimension)
        return sheet_of(f"{title}, weekly", _unit_answer(ask, dimension), shown, rows)

    return Panel(kind, SMALL, build, figure, data, title, lazy=True)


def _values(rows: list[dict], column: str, scale: int) -> dict[date, Decimal]:
    known = [row for row in rows if row[column] is not None]
    return {row["period"]: Decimal(row[column]) * scale for row in known}


def _writer(axis: figures.Axis) -> Callable[[Decimal | None], str]:
    def write(value: Decimal | None) -> str:
        return numbers.UNKNOWN if value is None else figures.value_text(value, axis)

    return write


def _layered_answer(ask: Ask) -> Answer:
    return ask.report("cost", group_by=(LAYER,), period=weeks(ask), granularity="week")


def _layered(ask: Ask):
    found = blocks(_layered_answer(ask).rows, (LAYER,), colour=colour)
    return found[0] if found else None


def layers_data(ask: Ask) -> Sheet:
    return sheet_of_answer("What it buys, weekly", _layered_answer(ask))


def layers_chart(ask: Ask) -> dict:
    """What the money bought, so that GPU time stands beside model APIs."""
    block, title = _layered(ask), "What it buys"
    if block is None:
        return {"title": title, "empty": True}
    made, span = stacks(block), weeks(ask)
    note = f"Weekly, {ask.view.basis}, {block.currency}."
    return {
        "title": title,
        "note": note,
        "size": "low",
        "legend": legend(made),
        "hatched": hatched(ask, "week", span),
        "summary": f"{title}. {note}",
        "twin": twin(made, periods_of(span, "week"), "week",
                     lambda amount: numbers.money(amount or Decimal(0), block.currency),
                     cut_steps(span, "week")),
    }  # fmt: skip


def layers_figure(ask: Ask) -> dict:
    block = _layered(ask)
    if block is None:
        return {"data": [], "layout": {}}
    axis = weekly_axis(ask, block.currency)
    return figures.stacked_bars(stacks(block), periods_of(weeks(ask), "week"), axis)


LAYERS_PANEL = Panel(
    "layers", LEGENDED, layers_chart, layers_figure, layers_data, "What it buys", lazy=True
)
