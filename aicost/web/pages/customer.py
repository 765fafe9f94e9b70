"""One customer: what it costs, calls and earns, and from its share of each pool to the charges."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from aicost.accounts.scope import may_see_margin
from aicost.web import figures, numbers, owned, parts
from aicost.web.ask import Ask, ask_of
from aicost.web.colours import colour
from aicost.web.customer_margins import left_of, trend, trend_figure
from aicost.web.customer_rows import PLAIN
from aicost.web.figures import Stack
from aicost.web.owned import Cell, Column
from aicost.web.owned_page import named_page, page_url
from aicost.web.parts import Figure, against, estimate_step, money_figure, moved, periods_of
from aicost.web.said import Fact
from aicost.web.shell import Page, Panel, for_people, render_page
from aicost.web.tables import Line
from aicost.web.units import per_thousand
from aicost.web.unknown import unknown
from attribution.entities.seen import is_customer_seen
from attribution.reports.customers import money_rows
from attribution.reports.sheets import Sheet, sheet_of_answer
from attribution.reports.unit_cost import per_unit
from ingest.models import Customer

ZERO = Decimal(0)
CUSTOMER_KEY = "customer"
POOL = ("feature", "model")
FEATURES_MAX = 6


def name_of(ask: Ask) -> str:
    return ask.view.filters[CUSTOMER_KEY][0]


def bare(ask: Ask) -> Ask:
    """The same days without the customer, which only the reports of customers know."""
    return ask.once(_bare)


def _bare(ask: Ask) -> Ask:
    return ask.with_view(filters={})


def whole(ask: Ask, rows: list[dict] | None) -> dict | None:
    """The row with the most money, or with calls where nothing has."""
    return max(rows, key=lambda row: row["cost"] or ZERO) if rows else None


def now(ask: Ask) -> dict | None:
    report = "customer_margin" if may_see_margin(ask.user) else "customers"
    return whole(ask, ask.report(report, **PLAIN).rows)


def before(ask: Ask) -> dict | None:
    return whole(ask, ask.rows_before("customers", **PLAIN))


def shares(ask: Ask) -> list[dict]:
    """Its part of each feature and model, the dearest first."""
    return ask.report("customers", **PLAIN | {"group_by": POOL}).rows


def lead(ask: Ask) -> dict:
    row = now(ask)
    if row is None or row["cost"] is None:
        told = "No cost and no inference of it in this period."
        return {"parts": [(told if row is None else "Its inferences met no cost.", True)]}
    currency = row["currency"]
    parts = [
        (f"{title_of(ask)} cost ", False),
        (numbers.money(row["cost"], currency), True),
        (f" over {numbers.period(ask.period, year=True)}", False),
    ]
    if was := _cost_before(ask, currency):
        money = numbers.change(row["cost"] - was, currency, 0)
        grown = numbers.change_percent(row["cost"], was)
        parts.append((f", {money} ({grown}) {against(ask)}", False))
    if layers := _layers(ask)[0]:
        share = numbers.percent(sum(layers[0].values.values(), ZERO), row["cost"], 0)
        parts.append((f"; {layers[0].name} is {share} of it", False))
    if row.get("margin") is not None:
        left = numbers.money(row["margin"], currency)
        parts += [(". It paid ", False), (numbers.money(row["revenue"], currency), True)]
        parts.append((f", so {left} remain", row["margin"] < 0))
    return {"parts": [*parts, (".", False)]}


def _cost_before(ask: Ask, currency: str) -> Decimal:
    return ask.once(_costs_before).get(currency, ZERO)


def _costs_before(ask: Ask) -> dict[str, Decimal]:
    """currency -> cost in the period compared with."""
    found: dict[str, Decimal] = {}
    if ask.view.other is not None:
        spec = ask.view.spec("customers", ask.asker, **PLAIN | {"period": ask.view.other})
        for row in money_rows(spec):
            found[row["currency"]] = found.get(row["currency"], ZERO) + row["cost"]
    return found


def said(ask: Ask) -> list[Customer]:
    return ask.once(_said)


def _said(ask: Ask) -> list[Customer]:
    name = name_of(ask)
    if not is_customer_seen(ask.asker, name):
        return []
    return list(Customer.objects.filter(customer=name).order_by("valid_from"))


def title_of(ask: Ask) -> str:
    names = [one.name for one in said(ask) if one.name]
    return names[-1] if names else name_of(ask)


def key_figures(ask: Ask) -> dict:
    row, was = now(ask), before(ask)
    final = bare(ask).trust.final
    if row is None or row["cost"] is None:
        return {"figures": [Figure("Cost", numbers.UNKNOWN, word=True)]}
    currency = row["currency"] or ""
    under = moved(ask, row["cost"], was["cost"] if was else None, currency)
    found = [money_figure("Cost", row["cost"], currency, under=under, final=final)]
    return {"figures": found + _own_figures(ask, row, was, final)}


def first_figures(ask: Ask) -> dict:
    """What the lead asks, too: cost, calls, tokens and margin, compared with nothing but cost."""
    row = now(ask)
    if row is None or row["cost"] is None:
        return {"figures": [Figure("Cost", numbers.UNKNOWN, word=True)]}
    currency = row["currency"] or ""
    final, was = bare(ask).trust.final, _cost_before(ask, currency) or None
    under = moved(ask, row["cost"], was, currency)
    found = [money_figure("Cost", row["cost"], currency, under=under, final=final)]
    return {"figures": found + _own_figures(ask, row, None, final)}


def _own_figures(ask: Ask, row: dict, was: dict | None, final: bool) -> list[Figure]:
    found = [_calls(ask, row, was), _unit(ask, row, was, final)]
    if row["tokens"] is not None:
        text = (("", "of inferences that tell them", False),)
        found.append(Figure("Tokens", numbers.short_count(row["tokens"]), under=text))
    if "revenue" in row:
        found.append(_margin(row, row["currency"] or ""))
    return found


def _calls(ask: Ask, row: dict, was: dict | None) -> Figure:
    if row["requests"] is None:
        return Figure("Inferences", numbers.UNKNOWN, word=True)
    under = [("", f"{numbers.count(row['requests'])} counted", False)]
    if was and was["requests"]:
        grown = numbers.grown(Decimal(row["requests"]), Decimal(was["requests"]))
        under.insert(0, (grown, against(ask), False))
    return Figure("Inferences", numbers.short_count(row["requests"]), under=tuple(under))


def _unit(ask: Ask, row: dict, was: dict | None, final: bool) -> Figure:
    each = per_unit(row["cost"], row["requests"])
    if each is None:
        return Figure("Per 1k inferences", numbers.UNKNOWN, word=True)
    old = per_unit(was["cost"], was["requests"]) if was else None
    under = ((numbers.grown(each, old), against(ask), False),) if old else ()
    value = per_thousand(each, row["currency"])
    return Figure("Per 1k inferences", value, under=under, final=final)


def _margin(row: dict, currency: str) -> Figure:
    if row["margin_percent"] is None:
        under = (("", "no revenue row names it", False),)
        return Figure("Margin", numbers.UNKNOWN, word=True, under=under)
    left = numbers.money(row["margin"], currency, 0)
    under = (("", f"{left} of {numbers.money(row['revenue'], currency, 0)} revenue",
              row["margin"] < 0),)  # fmt: skip
    return Figure("Margin", numbers.percent_of(row["margin_percent"]), under=under)


def _by_feature(ask: Ask) -> dict[str, dict[date, Decimal]]:
    """feature -> step -> what it cost in its currency, the dearest first."""
    asked = PLAIN | {"group_by": ("feature",), "granularity": ask.view.granularity}
    rows = money_rows(ask.view.spec("customers", ask.asker, **asked))
    found: dict[str, dict[date, Decimal]] = {}
    row = now(ask)
    currency = (row and row["currency"]) or ""
    for one in rows:
        if one["currency"] == currency:
            found.setdefault(one["feature"], {})[one["period"]] = one["cost"]
    return dict(sorted(found.items(), key=lambda item: -sum(item[1].values())))


def _layers(ask: Ask) -> tuple[list[Stack], str]:
    """Its cost by feature per step, and its currency."""
    row, steps = now(ask), ask.once(_by_feature)
    return [
        Stack(name or "No feature", colour("feature", name, "workload"), values)
        for name, values in steps.items()
    ], (row and row["currency"]) or ""


def chart(ask: Ask) -> dict:
    made, currency = _layers(ask)
    step = ask.view.granularity
    title = f"Cost per {step}"
    if not made:
        return {"title": title, "empty": True}
    note = f"By feature, {ask.view.basis}, {currency}."
    return {
        "title": title,
        "note": note,
        "size": "medium",
        "legend": parts.legend(made),
        "hatched": parts.hatched(bare(ask), step),
        "summary": f"{title}. {note}",
        "twin": parts.twin(made, periods_of(ask.period, step), step,
                           lambda amount: numbers.money(amount or ZERO, currency),
                           parts.cut_steps(ask.period, step)),
    }  # fmt: skip


def figure(ask: Ask) -> dict:
    made, currency = _layers(ask)
    if not made:
        return {"data": [], "layout": {}}
    step = ask.view.granularity
    axis = figures.Axis(step, currency, estimate_from=estimate_step(bare(ask), step),
                        cut=parts.cut_steps(ask.period, step))  # fmt: skip
    return figures.stacked_bars(made, periods_of(ask.period, step), axis)


def pools(ask: Ask) -> dict:
    """Each pool it has a share of, and why the pool costs what it does."""
    found = [row for row in shares(ask) if row["cost"] is not None]
    title = {"title": "Its share of each pool"}
    if not found:
        return title | {"empty": ("No cost in this period.", "", "", ""), "tables": []}
    outside = bare(ask)
    whole_pools = {
        (row["feature"] or "", row["model"] or "", row["currency"]): row["cost"]
        for row in outside.report("cost", **PLAIN | {"group_by": POOL}).rows
        if row["line"] == "owned"
    }
    total = now(ask)
    lines, calls = [], {}
    for row in found:
        if row["currency"] != total["currency"]:
            continue
        key = (row["feature"], row["model"], row["currency"])
        names = (row["feature"] or "No feature", row["model"] or "no model")
        line = Line(("owned", *key[:2]), names, "owned", colour(POOL[0], key[0], "workload"),
                    cost=row["cost"], previous=whole_pools.get(key))  # fmt: skip
        line.page = page_url(ask, "feature", key[0]) if key[0] else ""
        line.why = parts.why_url(outside, line, POOL, row["currency"])
        lines.append(line)
        calls[line.key] = row
    columns = _pool_columns(ask, total, calls)
    currency = total["currency"]

    def row(x: Line) -> owned.Row:
        cells = [(column, column.cell(x, currency)) for column in columns]
        return owned.Row(x.names[0], x.swatch, x.page, cells, x.why)

    sums = Line(("total",), ("Total",), "total", cost=sum((x.cost for x in lines), ZERO))
    after = (
        "Each day of a pool is split over the customers by their inferences; training and "
        "experiments in it stand on none. Why? tells the charges of the whole pool."
    )
    return title | {
        "tables": [owned.Table("Feature", columns, [row(x) for x in lines], row(sums))],
        "after": after,
    }


def _pool_columns(ask: Ask, total: dict, calls: dict[tuple, dict]) -> list[Column]:
    sign = numbers.sign_of(total["currency"]).strip()

    def of_line(write):
        return lambda x, currency: owned.NOTHING if x.line == "total" else write(x, currency)

    def per(x: Line, currency: str) -> Cell:
        each = per_unit(x.cost, calls[x.key]["requests"])
        return owned.UNKNOWN if each is None else Cell(per_thousand(each, currency))

    def requests(x: Line, currency: str) -> Cell:
        known = calls[x.key]["requests"]
        return owned.UNKNOWN if known is None else Cell(numbers.short_count(known), "second")

    return [
        Column("Model", of_line(lambda x, _: Cell(x.names[1], "second")), words=True),
        Column(f"{numbers.period(ask.period)}, {sign}",
               lambda x, currency: Cell(numbers.money(x.cost, currency)), wide=False),
        Column(f"The pool cost, {sign}",
               of_line(lambda x, currency: Cell(numbers.money(x.previous, currency), "second"))),
        Column("Share of it", of_line(lambda x, _: Cell(numbers.percent(x.cost, x.previous))),
               wide=False),
        Column("Inferences", of_line(requests)),
        Column("Per 1k inferences", of_line(per)),
    ]  # fmt: skip


def margin(ask: Ask) -> dict:
    """Its margin by cost class, for whoever may see it."""
    if not may_see_margin(ask.user):
        return {"left": None, "why": "Margin is for finance, FinOps and admin."}
    row = now(ask)
    found = left_of(ask, [row]) if row else []
    if not found:
        return {"left": None, "why": "No revenue row of these days names it."}
    return {"left": found[0], "period": numbers.period(ask.period)}


def margin_trend(ask: Ask) -> dict:
    if not may_see_margin(ask.user):
        return {"title": "Margin by month", "empty": True}
    return trend(ask)


def own_residual(ask: Ask) -> dict:
    """Its shares by feature add up to its cost."""
    row = now(ask)
    if row is None or row["cost"] is None:
        return {"of": "", "sums": []}
    found = [
        (name or "no feature", sum(steps.values(), ZERO))
        for name, steps in ask.once(_by_feature).items()
    ]
    if rest := found[FEATURES_MAX:]:
        told = (f"{len(rest)} other features", sum((cost for _, cost in rest), ZERO))
        found = [*found[:FEATURES_MAX], told]
    return {"of": "of this customer", "whole": "its cost",
            "sums": [parts.sum_of(found, row["cost"], row["currency"])]}  # fmt: skip


def facts(ask: Ask) -> dict:
    """What the business says of it; nobody edits it here."""
    found = []
    for one in said(ask):
        since = f" (from {numbers.day_year(one.valid_from)})" if one.valid_from else ""
        told = {"Name": one.name, "Plan": one.plan, "Segment": one.segment, "Team": one.team}
        found += [Fact(word, ((f"{text}{since}", ""),)) for word, text in told.items() if text]
    return {"facts": found, "registered": True, "may_edit": False}


def data(ask: Ask) -> Sheet:
    answer = ask.report("customers", **PLAIN | {"group_by": POOL})
    return sheet_of_answer("Its share of each pool", answer)


def read(request: HttpRequest) -> tuple[Page, Ask]:
    """Charts and files name the customer as `customer`."""
    ask = ask_of(request)
    name = request.GET.get(CUSTOMER_KEY, "")
    return CUSTOMER, ask.with_view(filters={CUSTOMER_KEY: (name,)})


CUSTOMER = Page(
    slug="customer",
    title="Customer",
    panels=(
        Panel("stamp", "parts/stamp.html", lambda ask: parts.stamp(bare(ask))),
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures, title="Key figures", lazy=True,
              size="low", first=first_figures),
        Panel("chart", "parts/owned_chart.html", chart, figure, lazy=True),
        Panel("pools", "parts/owned_table.html", pools, table=data, title="Its share of each pool",
              lazy=True),
        Panel("margin", "parts/customer_margin.html", margin, title="What it leaves", lazy=True),
        Panel("margin_trend", "parts/small_chart.html", margin_trend, trend_figure,
              title="Margin by month", lazy=True, size="low"),
        Panel("facts", "parts/customer_facts.html", facts),
        Panel("residual", parts.OWN_RESIDUAL, own_residual),
    ),
    picks=("period", "compare", "step", "basis"),
    filters=(CUSTOMER_KEY,),
    under="customers",
    own=(CUSTOMER_KEY,),
    reads=read,
    needs=CUSTOMER_KEY,
    asks=(),
)  # fmt: skip


@for_people
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One customer. Its name is part of the address, and of no filter menu."""
    ask = ask_of(request)
    ask = ask.with_view(filters={CUSTOMER_KEY: (name,)})
    answer = None
    if now(CUSTOMER.scoped(ask)) is None:
        answer = unknown(request, ask, CUSTOMER_KEY, name)
    if answer is not None:
        return answer
    return render_page(request, replace(CUSTOMER, own=()), ask, **named_page(name))
