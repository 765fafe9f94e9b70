"""Margin: which feature still earns more than it burns, worst first."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from aicost.accounts.scope import may_see_margin
from aicost.web import figures, numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.exports import csv_of
from aicost.web.margins import MarginLine, margin_figure, margin_lines, summed
from aicost.web.parts import RESIDUAL, STAMP, Figure, money_figure, moved, twin, why_url
from aicost.web.reasons import address, whole
from aicost.web.shell import Page, Panel, for_people, refuse
from aicost.web.story_months import first_days, six_months
from aicost.web.tables import Line

ZERO = Decimal(0)
BAR_WIDTH, BAR_LEFT = 190, Decimal(-100)
BAR_RIGHT = Decimal(100)


def earning(ask: Ask) -> list[MarginLine]:
    return [x for x in margin_lines(ask) if x.earns and x.line == "owned"]


def lead(ask: Ask) -> dict:
    found = earning(ask)
    losing = [x for x in found if x.row["margin"] < 0]
    if not found:
        text = " Add a revenue file under Add data: day, feature, revenue, currency."
        return {"parts": [("No feature has revenue in this period.", True), (text, False)]}
    if not losing:
        worst = found[0]
        return {
            "parts": [
                ("Every feature with revenue earns more than its AI costs.", True),
                (f" The thinnest is {worst.name}: {_percent(worst)} after all of them.", False),
            ]
        }
    worst = losing[0]
    lost = numbers.money(-worst.row["margin"], worst.row["currency"])
    parts = [(worst.name, True), (f" costs {lost} more than it earns", False)]
    if len(losing) > 1:
        others = ", ".join(x.name for x in losing[1:])
        parts.append((f"; so do {others}", False))
    return {"parts": [*parts, (".", False)]}


def _percent(line: MarginLine) -> str:
    return numbers.percent_of(line.row["margin_percent"])


def key_figures(ask: Ask) -> dict:
    answer = ask.report("margin", group_by=())
    currency = answer.currency or ""
    now = summed(answer.rows)
    rows = ask.rows_before("margin", group_by=())
    was = None if rows is None else summed(rows)
    found = earning(ask)
    losing = [x for x in found if x.row["margin"] < 0]
    names = ", ".join(x.name for x in losing) or "none loses money"

    def figure(title: str, name: str) -> Figure:
        before = None if was is None else getattr(was, name)
        under = moved(ask, getattr(now, name), before, currency)
        return money_figure(title, getattr(now, name), currency, final=answer.final, under=under)

    return {
        "figures": [
            figure("Revenue", "revenue"),
            figure("Cost of revenue", "cost_of_revenue"),
            margin_figure(ask),
            figure("R&D and other AI cost", "below"),
            Figure(
                "Features below zero",
                str(len(losing)),
                f" of {len(found)} with revenue",
                under=(("", names, False),),
                final=answer.final,
            ),
        ]
    }


def table(ask: Ask) -> dict:
    found = margin_lines(ask)
    for x in found:
        key = (x.line, x.row["feature"] or "")
        x.why = why_url(ask, Line(key, (x.name,), x.line), ("feature",))
        if x.line == "owned":
            at = [("feature", key[1])]
            x.margin_why = address(ask, figure="margin", at=at, currency=x.row["currency"])
        if x.row["gross_margin_percent"] is not None:
            x.bar = _bar(x.row["gross_margin_percent"])
    with_revenue = [x for x in found if x.earns]
    answer = ask.report("margin", group_by=())
    names = ("cost", "cost_of_revenue")
    total = {name: sum((x.row[name] for x in found), ZERO) for name in names}
    return {
        "with_revenue": with_revenue,
        "without": [x for x in found if not x.earns],
        "sums": summed([x.row for x in found]),
        "total": total | {"below": sum((x.below for x in found), ZERO)},
        "total_why": whole(ask, answer.currency),
        "currency": answer.currency or "",
        "compared": ask.view.other is not None,
        "spread": ask.view.query(idle="spread", shared="spread"),
    }


def _bar(percent: Decimal) -> dict:
    """A bar from zero on an axis from −100 % to 100 %; what is longer is cut there."""
    shown = min(max(percent, BAR_LEFT), BAR_RIGHT)
    zero = Decimal(BAR_WIDTH) / 2
    width = abs(shown) / 100 * zero
    x = zero if shown >= 0 else zero - width
    return {"x": str(round(x, 1)), "width": str(round(width, 1)), "loss": percent < 0}


def _monthly(ask: Ask) -> tuple[list, list]:
    span = six_months(ask)
    answer = ask.report("margin", group_by=(), period=span, granularity="month", filters={})
    names = {x.name: x.swatch for x in earning(ask)}
    layers = []
    for name, swatch in names.items():
        values = {
            row["period"]: row["gross_margin_percent"]
            for row in answer.rows
            if row["feature"] == name and row["gross_margin_percent"] is not None
        }
        layers.append(figures.Stack(name, swatch, values))
    return layers, first_days(span)


def trend(ask: Ask) -> dict:
    layers, when = _monthly(ask)
    if not layers:
        return {"empty": True}
    note = "Gross margin in per cent of revenue, monthly; the last month to date."
    return {
        "note": note,
        "summary": note,
        "size": "medium",
        "twin": twin(layers, when, "month", numbers.percent_of),
        "legend": [(x.name, x.swatch) for x in layers],
    }


def trend_figure(ask: Ask) -> dict:
    layers, when = _monthly(ask)
    return figures.lines(layers, when, figures.Axis("month", unit="percent"))


@for_people
def csv(request: HttpRequest) -> HttpResponse:
    if not may_see_margin(request.user):
        return refuse(request, "margin.csv")
    ask = MARGIN.scoped(ask_of(request))
    return csv_of(request, ask, "margin", group_by=())


MARGIN = Page(
    slug="margin",
    title="Margin",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures),
        Panel("table", "parts/margin_table.html", table),
        Panel("trend", "parts/margin_trend.html", trend, trend_figure),
        RESIDUAL,
    ),
    picks=("period", "compare", "basis", "pools", "currency"),
    filters=("feature",),
    export="margin_csv",
    allowed=may_see_margin,
)
