"""Margin: which feature still earns more than it burns, worst first."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aicost.accounts.scope import may_see_margin
from aicost.web import figures, numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.customer_margins import left_of
from aicost.web.customer_rows import customer_url
from aicost.web.exports import csv_of
from aicost.web.margins import MarginLine, below_of, folded, margin_figure, margin_lines, summed
from aicost.web.parts import (
    RESIDUAL_LATER,
    STAMP,
    Figure,
    cut_steps,
    money_figure,
    moved,
    twin,
    why_url,
)
from aicost.web.reasons import address, whole
from aicost.web.shell import Page, Panel, for_people, refuse
from aicost.web.sizes import is_large
from aicost.web.sorting import Sorting
from aicost.web.story_months import first_days, six_months
from aicost.web.tables import Line
from aicost.web.what_if import HUNDRED, Outcome, Question, asked, changed, outcome_of, total
from attribution.reports.sheets import Sheet, sheet_of, sheet_of_answer

ZERO = Decimal(0)
IF = "if_"  # keys of the what-if in the address
CUSTOMERS_MAX = 12
EARNING_MAX, UNTOLD_MAX, NAMED_MAX = 60, 40, 5
COMPANY = "company"
BAR_WIDTH, BAR_LEFT = 190, Decimal(-100)
BAR_RIGHT = Decimal(100)

# The worst first.
SORTS = Sorting(
    {
        "name": "name",
        "revenue": "row.revenue",
        "cost_of_revenue": "row.cost_of_revenue",
        "gross_margin": "row.gross_margin",
        "gross_margin_percent": "row.gross_margin_percent",
        "points": "points",
        "below": "below",
        "margin": "row.margin",
        "margin_percent": "row.margin_percent",
    },
    "-margin",
    data={"name": "feature", "below": below_of},
)
CUSTOMERS = Sorting(
    {
        name: name
        for name in ("customer", "revenue", "cost", "margin", "margin_percent", "requests")
    },
    "-margin",
    ("customer",),
    "customers",
)
# A customer's part of a pool is not told: the report spreads none, whatever the bar says.
AS_BILLED = {"idle": "shown", "shared": "shown"}


def earning(ask: Ask) -> list[MarginLine]:
    return ask.once(_earning)


def _earning(ask: Ask) -> list[MarginLine]:
    return [x for x in margin_lines(ask, compared=False) if x.earns and x.line == "owned"]


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
        others = _named(losing[1:])
        parts.append((f"; so do {others}", False))
    return {"parts": [*parts, (".", False)]}


def _named(lines: list[MarginLine]) -> str:
    more = f" and {len(lines) - NAMED_MAX} more" if len(lines) > NAMED_MAX else ""
    return ", ".join(x.name for x in lines[:NAMED_MAX]) + more


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
    names = _named(losing) or "none loses money"

    earns = any(row["revenue"] is not None for row in answer.rows)

    def figure(title: str, name: str) -> Figure:
        if not earns:
            return Figure(title, numbers.UNKNOWN, word=True)
        before = None if was is None else getattr(was, name)
        under = moved(ask, getattr(now, name), before, currency)
        return money_figure(title, getattr(now, name), currency, final=answer.final, under=under)

    return {
        "figures": [
            figure("Revenue", "revenue"),
            figure("Cost of revenue", "cost_of_revenue"),
            margin_figure(ask),
            _company_figure(ask, answer.final),
            figure("R&D and other AI cost", "below"),
            _losing_figure(len(losing), len(found), names, answer.final),
        ]
    }


def _losing_figure(losing: int, earning: int, names: str, final: bool) -> Figure:
    name = "Features below zero"
    if not earning:
        return Figure(name, numbers.NOT_APPLICABLE, word=True)
    of_all = f" of {earning} with revenue"
    return Figure(name, str(losing), of_all, under=(("", names, False),), final=final)


def _company_figure(ask: Ask, final: bool) -> Figure:
    """Gross margin with all cost of revenue: that of features, shared, idle and unattributed."""
    name, whole = "Company gross margin", company(ask)
    if whole.gross_percent is None or ask.view.filters:
        told = numbers.UNKNOWN if not ask.view.filters else numbers.NOT_APPLICABLE
        return Figure(name, told, word=True)
    taken = (HUNDRED - whole.gross_percent).quantize(Decimal("0.1"))
    under = (("", f"AI takes {taken} pts, with what stands on no feature", False),)
    value = numbers.percent_of(whole.gross_percent)
    return Figure(name, value, under=under, final=final, more=("What if?", "#what-if"))


def table(ask: Ask) -> dict:
    found = margin_lines(ask)
    with_revenue = SORTS.rows(ask.view, [x for x in found if x.earns])
    with_revenue = folded(with_revenue, EARNING_MAX)
    untold = [x for x in found if not x.earns]
    owned = SORTS.rows(ask.view, [x for x in untold if x.line == "owned"])
    without = folded([*owned, *(x for x in untold if x.line != "owned")], UNTOLD_MAX)
    for x in [*with_revenue, *without]:
        if x.line == "other":
            continue
        key = (x.line, x.row["feature"] or "")
        x.why = why_url(ask, Line(key, (x.name,), x.line), ("feature",))
        if x.line == "owned":
            at = [("feature", key[1])]
            x.margin_why = address(ask, figure="margin", at=at, currency=x.row["currency"])
        if x.row["gross_margin_percent"] is not None:
            x.bar = _bar(x.row["gross_margin_percent"])
    answer = ask.report("margin", group_by=())
    names = ("cost", "cost_of_revenue")
    total = {name: sum((x.row[name] for x in found), ZERO) for name in names}
    return {
        "with_revenue": with_revenue,
        "without": without,
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
    whole: dict = {}
    for row in answer.rows:
        whole[row["period"]] = whole.get(row["period"], Outcome()).plus(outcome_of(row))
    known = {day: one.gross_percent for day, one in whole.items() if one.gross_percent is not None}
    if layers and known:
        layers.append(figures.Stack(COMPANY, "s-total", known, dash="dash"))
    return layers, first_days(span)


def trend(ask: Ask) -> dict:
    layers, when = _monthly(ask)
    if not layers:
        return {"empty": True}
    note = "Gross margin in per cent of revenue, monthly. Dashed: of the"
    note += " company, with the cost of revenue that stands on no feature."
    return {
        "note": note,
        "summary": note,
        "size": "medium",
        "twin": twin(layers, when, "month", numbers.percent_of),
        "legend": [(x.name, x.swatch) for x in layers],
    }


def trend_figure(ask: Ask) -> dict:
    layers, when = _monthly(ask)
    return figures.lines(layers, when, figures.Axis("month", unit="percent",
                         cut=cut_steps(six_months(ask), "month")))  # fmt: skip


def company(ask: Ask) -> Outcome:
    """All features and all lines below them in the largest currency."""
    rows = _main(ask)
    return total(outcome_of(row) for row in rows)


def _main(ask: Ask) -> list[dict]:
    """Rows of the currency in which most is earned and spent; currencies are never added up."""
    rows = ask.report("margin", group_by=()).rows
    weights: dict[str, Decimal] = {}
    for row in rows:
        weight = abs(row["cost"]) + abs(row["revenue"] or ZERO)
        weights[row["currency"]] = weights.get(row["currency"], ZERO) + weight
    main = max(weights, key=lambda currency: weights[currency], default="")
    return [row for row in rows if row["currency"] == main]


def what_if(ask: Ask, question: Question) -> dict:
    """The period worked again: company sums today and then, and each feature's margin."""
    rows = _main(ask)
    now = total(outcome_of(row) for row in rows)
    then = total(changed(row, question) for row in rows)
    currency = rows[0]["currency"] if rows else ""
    features = [row for row in rows if row["feature"] and row["revenue"] is not None]
    return {
        "question": question,
        "of": "Shown features" if ask.view.filters else "Company",
        "features": [row["feature"] for row in features],
        "currency": currency,
        "hidden": parse_qsl(ask.view.query(), keep_blank_values=True),
        "plain": f"?{ask.view.query()}",
        "known": now.revenue > 0,
        "sums": _compared(now, then, currency),
        "each": [
            (row["feature"], colour("feature", row["feature"]), outcome_of(row).gross_percent,
             changed(row, question).gross, changed(row, question).gross_percent)
            for row in features
        ],
    }  # fmt: skip


def _compared(now: Outcome, then: Outcome, currency: str) -> list[tuple[str, str, str, str]]:
    """(what, today, what if, change) of each line of the sum."""
    money = [
        ("Revenue", now.revenue, then.revenue),
        ("Cost of revenue", now.cost_of_revenue, then.cost_of_revenue),
        ("Gross margin", now.gross, then.gross),
        ("R&D and other AI cost", now.below, then.below),
        ("After all AI cost", now.left, then.left),
    ]
    found = [
        (name, numbers.money(a, currency), numbers.money(b, currency),
         numbers.change(b - a, currency))
        for name, a, b in money
    ]  # fmt: skip
    for name, a, b in (
        ("Gross margin, %", now.gross_percent, then.gross_percent),
        ("After all AI cost, %", now.left_percent, then.left_percent),
    ):
        points = None if a is None or b is None else b - a
        told = numbers.NOT_APPLICABLE if points is None else f"{numbers.change(points, '', 1)} pts"
        found.append((name, numbers.percent_of(a), numbers.percent_of(b), told))
    return found


def customers(ask: Ask) -> dict:
    """Margin per customer, worst first, where calls or revenue name customers."""
    rows = ask.report("customer_margin", group_by=(), **AS_BILLED).rows
    main = _largest_currency(rows)
    told = [row for row in rows if row["customer"] and row["margin"] is not None
            and row["currency"] == main]  # fmt: skip
    told.sort(key=lambda row: (row["margin"], row["customer"]))
    shown = CUSTOMERS.rows(ask.view, told)[:CUSTOMERS_MAX]
    names = tuple(row["customer"] for row in shown)
    filters = {**ask.view.filters, "customer": names}
    asked = AS_BILLED | {"group_by": (), "filters": filters}
    before = ask.rows_before("customer_margin", **asked) if names else None
    return {
        "rows": [(x, customer_url(ask, x.customer)) for x in left_of(ask, shown, before or [])],
        "more": max(0, len(told) - CUSTOMERS_MAX),
        "currency": main,
        "compared": before is not None,
        "all": f"{reverse('customers')}?{ask.view.query()}",
    }


def customers_data(ask: Ask) -> Sheet:
    return sheet_of_answer("Customers", ask.report("customer_margin", group_by=(), **AS_BILLED))


def _largest_currency(rows: list[dict]) -> str:
    costs: dict[str, Decimal] = {}
    for row in rows:
        costs[row["currency"]] = costs.get(row["currency"], ZERO) + abs(row["cost"] or ZERO)
    return max(costs, key=lambda currency: costs[currency], default="")


def table_data(ask: Ask) -> Sheet:
    """The report, and by how many points gross margin moved where a period is compared."""
    answer = ask.report("margin", group_by=())
    if ask.view.other is None:
        return sheet_of_answer("Margin", answer)
    rows = [one.row | {"points": one.points} for one in margin_lines(ask)]
    return sheet_of("Margin", answer, (*answer.columns, "points"), rows)


def read(request: HttpRequest) -> tuple[Page, Ask]:
    """The page with the question of its what-if. Raises BadSpec for one that cannot be read."""
    given = {name: request.GET.get(f"{IF}{name}", "") for name in ("cost", "volume", "price",
             "feature_price", "revenue")}  # fmt: skip
    build = partial(what_if, question=asked(given))
    later = not any(given.values()) and is_large  # what is asked is answered at once
    panels = tuple(
        replace(one, build=build, lazy=later) if one.slug == "what_if" else one
        for one in MARGIN.panels
    )
    return replace(MARGIN, panels=panels), ask_of(request)


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
        Panel("lead", "parts/lead.html", lead, title="Which lose", lazy=is_large, size="low"),
        Panel("figures", "parts/figures.html", key_figures, title="Key figures", lazy=is_large,
              size="low"),
        Panel("table", "parts/margin_table.html", table, table=table_data, title="Features",
              lazy=is_large, size="tall", sorting=SORTS),
        Panel("trend", "parts/margin_trend.html", trend, trend_figure, lazy=True),
        Panel("what_if", "parts/margin_what_if.html", partial(what_if, question=Question()),
              lazy=is_large, title="What if"),
        Panel("customers", "parts/margin_customers.html", customers, table=customers_data,
              title="Customers", lazy=True, sorting=CUSTOMERS),
        RESIDUAL_LATER,
    ),
    picks=("period", "compare", "basis", "pools", "currency"),
    filters=("feature",),
    export="margin_csv",
    allowed=may_see_margin,
    own=tuple(f"{IF}{name}" for name in ("cost", "volume", "price", "feature_price", "revenue")),
    reads=read,
)  # fmt: skip
