"""Small charts of one model over twelve weeks: unit cost, latency and calls beside each other."""

from datetime import date
from decimal import Decimal

from django.urls import reverse

from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.colours import OWN
from aicost.web.parts import periods_of, start_of, twin
from aicost.web.qualities import planes_of, version_name
from aicost.web.shell import Panel
from aicost.web.weekly import HATCHED, RING, marked, weekly_axis, weeks
from attribution.entities.seen import is_seen
from attribution.reports.spec import Answer, BadSpec, NotAllowed

_CHARTS = {
    "unit": ("Cost per 1k inferences", "Weekly. Dashed: with own idle.", "money",
             (("Marginal", "", "marginal_cost_per_inference", 1000, "solid"),
              ("Loaded", "", "loaded_cost_per_inference", 1000, "dash"))),
    "latency": ("Latency", "Milliseconds, weekly. Dashed: p95.", "ms",
                (("p50", "s-total", "latency_p50_ms", 1, "solid"),
                 ("p95", "s-shared", "latency_p95_ms", 1, "dash"))),
    "calls": ("Inferences", "Weekly.", "count",
              (("Inferences", "", "requests", 1, "solid"),)),
}  # fmt: skip


def name_of(ask: Ask) -> str:
    """The model the address names. Raises `BadSpec` when it names none, `NotAllowed` for one
    that the asker does not see."""
    named = ask.view.filters.get("model")
    if not named:
        raise BadSpec("model= is missing")
    if not ask.once(_is_seen):
        raise NotAllowed(f"model {named[0]} is of no team of yours")
    return named[0]


def _is_seen(ask: Ask) -> bool:
    return is_seen(ask.asker, "model", ask.view.filters["model"][0])


def weekly_answer(ask: Ask) -> Answer:
    """Report unit_cost by model, week by week; of all models, so that pages share it."""
    return ask.report("unit_cost", group_by=("model",), period=weeks(ask), granularity="week")


def weekly_rows(ask: Ask) -> list[dict]:
    return [row for row in weekly_answer(ask).rows if row["model"] == name_of(ask)]


def _weeks(ask: Ask) -> tuple[list[dict], list[date]]:
    return weekly_rows(ask), periods_of(weeks(ask), "week")


def _series(rows: list[dict], column: str, scale: int = 1) -> dict[date, Decimal]:
    return {
        row["period"]: Decimal(str(row[column])) * scale for row in rows if row[column] is not None
    }


def _currency(rows: list[dict]) -> str:
    return next((row["currency"] for row in rows if row["currency"]), "")


def _chart(kind: str) -> Panel:
    title, note, unit, columns = _CHARTS[kind]

    def layers(ask: Ask, rows: list[dict]) -> list[figures.Stack]:
        return [
            figures.Stack(name, swatch or OWN, _series(rows, column, scale), dash)
            for name, swatch, column, scale, dash in columns
        ]

    def build(ask: Ask) -> dict:
        rows, when = _weeks(ask)
        made = layers(ask, rows)
        if not any(x.values for x in made):
            return {"title": title, "empty": True}
        axis = weekly_axis(ask, _currency(rows), unit)

        def write(value: Decimal | None) -> str:
            return numbers.UNKNOWN if value is None else figures.value_text(value, axis)

        return {
            "title": title,
            "note": note + marked(ask, HATCHED if unit == "count" else RING),
            "size": "low",
            "summary": f"{title}. {note}",
            "twin": twin(made, when, "week", write, axis.cut),
        }

    def figure(ask: Ask) -> dict:
        rows, when = _weeks(ask)
        axis = weekly_axis(ask, _currency(rows), unit)
        if unit == "count":
            return figures.stacked_bars(layers(ask, rows), when, axis)
        drawn = figures.lines(layers(ask, rows), when, axis)
        if kind == "unit" and when:
            _add_takeovers(drawn["layout"], ask, when)
        return drawn

    return Panel(kind, "parts/small_chart.html", build, figure, lazy=True, size="low")


def _add_takeovers(layout: dict, ask: Ask, when: list[date]) -> None:
    """A dotted line in the week in which another version began to answer most inferences."""
    names = {}
    for plane in planes_of(ask, name_of(ask)):
        row = plane.leader
        if row and row["leads_after"] and row["leads_since"] >= when[0]:
            week = start_of(row["leads_since"], "week")
            names[when.index(week)] = version_name(row, name_of(ask))
    for n, text in names.items():
        layout["shapes"].append(
            {"type": "line", "x0": n, "x1": n, "yref": "paper", "y0": 0, "y1": 1, "name": "event",
             "line": {"color": "--rule-strong", "width": 1, "dash": "dot"}}
        )  # fmt: skip
        layout["annotations"].append(
            {"x": n, "y": 1, "yref": "paper", "yanchor": "bottom", "text": numbers.literal(text),
             "showarrow": False, "font": {"size": 11, "color": figures.SECOND}}
        )  # fmt: skip


CHARTS = tuple(_chart(kind) for kind in _CHARTS)


def figure_url(ask: Ask, slug: str) -> str:
    query = ask.view.query()
    address = reverse("figure", args=["model", slug])
    return f"{address}?{query}" if query else address


def trends(ask: Ask) -> dict:
    """All three from one question; each chart keeps an address of its own."""
    return {
        "charts": [
            {**one.build(ask), "template": one.template, "figure": figure_url(ask, one.slug)}
            for one in CHARTS
        ]
    }
