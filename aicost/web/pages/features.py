"""Features: what each costs and what a thousand requests of it cost, since one price of all mixes
chat with ranking; and one feature's page."""

from collections.abc import Callable
from decimal import Decimal
from operator import itemgetter

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aicost.accounts.scope import may_see_margin
from aicost.web import numbers, owned
from aicost.web.ask import Ask, ask_of
from aicost.web.customer_rows import PLAIN, customers_of, report_of, table
from aicost.web.exports import sheet_of_blocks
from aicost.web.names import target_url
from aicost.web.owned import Cell, Column
from aicost.web.owned_page import Holder, named_page, parts_table
from aicost.web.parts import RESIDUAL, STAMP, Figure, against, cost_blocks, money_figure, of_all
from aicost.web.reasons import address
from aicost.web.said import case_of
from aicost.web.shell import Page, Panel, for_people, refuse, render_page
from aicost.web.sizes import is_large
from aicost.web.subject import facts, history, said_of
from aicost.web.tables import Block
from aicost.web.units import per_thousand, units_now
from aicost.web.unknown import unknown
from aicost.web.weekly import LAYERS_PANEL, unit_panel
from attribution.entities.seen import is_seen
from attribution.reports.sheets import Sheet, sheet_of_answer
from attribution.reports.unit_cost import DIMENSIONS as UNIT_FILTERS

ZERO = Decimal(0)
FEATURE = "feature"
BY_FEATURE = (FEATURE,)
TOP = 10
EARNED = ("revenue", "gross_margin", "gross_margin_percent")


def list_lead(ask: Ask) -> dict:
    found = [b for b in cost_blocks(ask, BY_FEATURE) if any(x.line == "owned" for x in b.lines)]
    if not found:
        text = " Names of features come with calls and tags; add them under Add data."
        return {"parts": [("No cost stands on any feature in this period.", True), (text, False)]}
    block = found[0]
    named = [x for x in block.lines if x.line == "owned"]
    cost = sum((x.cost for x in named), ZERO)
    parts = [
        (f"{numbers.plural(len(named), 'feature')} cost ", False),
        (numbers.money(cost, block.currency), True),
        (f" over {numbers.period(ask.period, year=True)}, ", False),
        (f"{numbers.percent(cost, block.total.cost)} {of_all(ask)}", False),
    ]
    most = max(named, key=lambda x: abs(x.delta or ZERO))
    if most.delta:
        moved = numbers.change(most.delta, block.currency, 0)
        parts.append((f"; {most.names[0]} moved most, {moved} {against(ask)}", False))
    known = [
        u for u in units_now(ask, FEATURE).values() if u.loaded and u.currency == block.currency
    ]
    parts.append((". ", False))
    if len(known) > 1:
        dear, cheap = max(known, key=lambda u: u.loaded), min(known, key=lambda u: u.loaded)
        parts += [
            ("A thousand inferences cost ", False),
            (per_thousand(cheap.loaded, cheap.currency), True),
            (f" in {cheap.name} and ", False),
            (per_thousand(dear.loaded, dear.currency), True),
            (f" in {dear.name}.", False),
        ]
    return {"parts": parts}


def owned_blocks(ask: Ask) -> list[Block]:
    return owned.named_blocks(ask, FEATURE, lambda name: target_url(ask, FEATURE, name))


def list_table(ask: Ask) -> dict:
    found, units = owned_blocks(ask), units_now(ask, FEATURE)
    owned.add_sparks(ask, found, BY_FEATURE)
    earned = earnings(ask) if may_see_margin(ask.user) else None

    def columns(currency: str, total: Decimal) -> list[Column]:
        def why(name: str, column: str) -> str:
            asked = {"figure": "unit_cost", "at": [(FEATURE, name)], "currency": currency}
            return address(ask, column=column, **asked)

        return [
            *owned.cost_columns(ask, currency),
            *owned.unit_columns(units, why),
            *(margin_columns(ask, earned, currency) if earned is not None else ()),
            owned.share_column(total),
            owned.spark_column(ask, currency),
        ]

    tables = []
    for block in found:
        made = columns(block.currency, block.total.cost)
        tables.append(owned.table(owned.in_order(ask, block, made), "Feature", made))
    return {
        "tables": tables,
        "empty": ("No cost in this period.", "Choose another period, or", "add a bill", "/upload/"),
        "after": "Loaded: with the idle time kept for it, per thousand inferences and per outcome. "
        "Unknown is not zero: no call or no revenue row names the feature."
        if tables
        else "",
    }


def earnings(ask: Ask) -> dict[tuple[str, str], dict]:
    """(feature, currency) -> its row of report margin."""
    if set(ask.view.filters) - {FEATURE}:
        return {}
    rows = ask.report("margin", group_by=()).rows
    return {(r[FEATURE], r["currency"]): r for r in rows if r["line"] == "owned" and r[FEATURE]}


def margin_columns(ask: Ask, earned: dict, currency: str) -> list[Column]:
    def revenue(row: dict, currency: str) -> Cell:
        if row["revenue"] is None:
            return owned.UNKNOWN
        return Cell(numbers.money(row["revenue"], currency), "second")

    def gross(row: dict, currency: str) -> Cell:
        if row["gross_margin_percent"] is None:
            return owned.UNKNOWN
        why = address(ask, figure="margin", at=[(FEATURE, row[FEATURE])], currency=currency)
        css = "bad" if row["gross_margin"] < 0 else ""
        return Cell(numbers.percent_of(row["gross_margin_percent"]), css, why=why)

    def column(head: str, cell: Callable, key: str) -> Column:
        value = owned.value_of(earned, itemgetter(key))
        return Column(head, owned.of_owned(earned, cell), key=key, value=value)

    return [
        column(f"Revenue, {numbers.sign_of(currency).strip()}", revenue, "revenue"),
        column("Gross margin", gross, "gross_margin_percent"),
    ]


def list_data(ask: Ask) -> Sheet:
    """With requests, what they cost, and revenue and margin for whoever may see them."""
    answer, found = ask.report("cost", group_by=BY_FEATURE), cost_blocks(ask, BY_FEATURE)
    known = {key: dict(unit.row) for key, unit in units_now(ask, FEATURE).items()}
    columns = owned.UNIT_COLUMNS
    if may_see_margin(ask.user):
        columns += EARNED
        for key, row in earnings(ask).items():
            known[key] = known.get(key, {}) | {name: row[name] for name in EARNED}
    return sheet_of_blocks("Features", ask, answer, found, BY_FEATURE, columns, known)


FEATURES = Page(
    slug="features",
    title="Features",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", list_lead, title="What they cost", lazy=is_large,
              size="low"),
        Panel("table", "parts/owned_table.html", list_table, table=list_data, title="Features",
              lazy=True, size="tall", sorting=owned.NAMES),
        RESIDUAL,
    ),
    picks=("period", "compare", "step", "basis", "pools", "currency"),
    filters=UNIT_FILTERS,
)  # fmt: skip


HOLDER = Holder(FEATURE, "model")


def key_figures(ask: Ask) -> dict:
    found = HOLDER.first_figures(ask) + HOLDER.unit_figures(ask, ask.trust.final)
    if may_see_margin(ask.user):
        found.append(_margin_figure(ask))
    return {"figures": found}


def first_figures(ask: Ask) -> dict:
    return {"figures": HOLDER.first_figures(ask)}


def _margin_figure(ask: Ask) -> Figure:
    """Gross margin, with the revenue it is of and how much of the business case that is."""
    name, feature = "Gross margin", HOLDER.name(ask)
    rows = [r for r in ask.report("margin", group_by=()).rows if r["revenue"] is not None]
    if not rows:
        under = (("", "no revenue row names it", False),)
        return Figure(name, numbers.UNKNOWN, word=True, under=under)
    row = max(rows, key=lambda r: r["revenue"])
    revenue = numbers.money(row["revenue"], row["currency"], 0)
    under = [("", f"of {revenue} revenue", False)]
    expected = case_of(ask, FEATURE, feature, said_of(ask)).expected
    if expected:
        under.append((numbers.percent(row["revenue"], expected, 0), "of the business case", False))
    why = address(ask, figure="margin", at=[(FEATURE, feature)], currency=row["currency"])
    value = numbers.percent_of(row["gross_margin_percent"])
    if row["gross_margin_percent"] is None:
        return money_figure(name, row["gross_margin"], row["currency"], under=tuple(under), why=why)
    return Figure(name, value, under=tuple(under), why=why)


def models(ask: Ask) -> dict:
    """The models it uses, with the calls it makes of each and what a thousand cost."""
    units = units_now(ask, "model")

    def why(name: str, column: str) -> str:
        return address(ask, figure="unit_cost", at=[("model", name)], column=column)

    more = owned.unit_columns(units, why)[:2]
    return parts_table(ask, HOLDER.stepped(ask), "model", "Models it uses", more)


def top_customers(ask: Ask) -> dict:
    """The ten dearest customers of the feature, the others as one line; adds up to its cost."""
    ask = ask.billed("customers")
    found, block = customers_of(ask, rows_max=TOP), HOLDER.stepped(ask)
    links = [("All customers", f"{reverse('customers')}?{ask.view.query()}")]
    head = {"title": "Customers", "links": links}
    if not found.count or block is None:
        text = "The field customer of usage rows, spans and call logs brings them"
        return head | {"empty": ("No call of it names a customer.", text, "", ""), "tables": []}
    return head | {"tables": [table(ask, found, block.total.cost)]}


def customers_data(ask: Ask) -> Sheet:
    """All customers of the feature, with what stands on none."""
    return sheet_of_answer("Customers", ask.report(report_of(ask), **PLAIN))


def read(request: HttpRequest) -> tuple[Page, Ask]:
    return FEATURE_PAGE, HOLDER.asked(request)


FEATURE_PAGE = Page(
    slug=FEATURE,
    title="Feature",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", HOLDER.lead),
        Panel("figures", "parts/figures.html", key_figures, title="Key figures", lazy=True,
              size="low", first=first_figures),
        *HOLDER.chart_panels(),
        *(unit_panel(kind, FEATURE) for kind in ("unit", "calls")),
        LAYERS_PANEL,
        Panel("models", "parts/owned_table.html", models, table=HOLDER.data_with_units,
              title="Models it uses", lazy=True, sorting=owned.NAMES),
        Panel("customers", "parts/owned_table.html", top_customers, table=customers_data,
              title="Customers", lazy=True),
        Panel("facts", "parts/target_facts.html", facts, title="What is said of it", lazy=True),
        Panel("history", "parts/target_history.html", history, title="Who changed it", lazy=True),
        RESIDUAL,
    ),
    picks=("period", "compare", "step", "basis", "pools", "currency"),
    filters=BY_FEATURE,
    under="features",
    reads=read,
)  # fmt: skip


@for_people
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One feature: the view with this feature as its only filter."""
    ask = ask_of(request)
    if not is_seen(ask.asker, FEATURE, name):
        return refuse(request, f"{FEATURE} {name}")
    ask = ask.with_view(filters={FEATURE: (name,)})
    if (answer := unknown(request, ask, FEATURE, name)) is not None:
        return answer
    return render_page(request, FEATURE_PAGE, ask, **named_page(name))
