"""Customers, however many: a page of fifty, the dearest first, with what stands on none below."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

from django.http import HttpRequest

from aicost.accounts.scope import may_see_margin
from aicost.web import numbers
from aicost.web.ask import Ask, ask_of
from aicost.web.customer_rows import NOBODY, PLAIN, Customers, customers_of, report_of, table
from aicost.web.parts import RESIDUAL, STAMP, of_all, residual
from aicost.web.picks import hidden_pairs
from aicost.web.shell import Page, Panel
from aicost.web.sorting import Sorting
from attribution.models import CustomerSplit
from attribution.reports.customers import money_rows, ranked
from attribution.reports.sheets import Sheet, sheet_of_answer

ZERO = Decimal(0)
ROWS_MAX = 50
FILTERS = ("feature", "model", "team")
EARNED = ("revenue", "margin")
# Sorted in the database, page by page, so by these alone.
SORTS = Sorting(dict.fromkeys(("name", "cost", *EARNED), ""), "cost", data={"name": "customer"})
# What older addresses call by=.
OLDER = {"name": "name", "revenue": "revenue", "margin": "-margin"}
AFTER = (
    "A customer’s cost is its share of each day’s pools by its inferences, the owner’s idle "
    "included; shared cost and idle without an owner stand on nobody."
)
EARNS = (
    " Margin here is revenue less all of this cost; gross margin, by the cost classes of finance, "
    "stands on Margin, worst first."
)
HOW = (
    "No call has named a customer.",
    "Calls bring them: the field customer of usage files, of OpenTelemetry spans and of call logs. "
    "A file customers.csv adds names and plans, revenue files what they pay",
)


def totals(ask: Ask) -> dict[str, Decimal]:
    """currency -> all cost of the view, the largest first."""
    found: dict[str, Decimal] = {}
    for row in ask.cost().rows:
        found[row["currency"]] = found.get(row["currency"], ZERO) + row["cost"]
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def total_before(ask: Ask, currency: str) -> Decimal | None:
    rows = [x for x in ask.rows_before("cost", group_by=()) if x["currency"] == currency]
    return sum((row["cost"] for row in rows), ZERO) if rows else None


@dataclass(frozen=True)
class First:
    """The dearest customer of how many, with its rows and those of none, in its currency."""

    customer: str
    name: str
    currency: str
    count: int
    rows: list[dict]


def first_of(ask: Ask) -> First | None:
    return ask.once(_first_of)


def _first_of(ask: Ask) -> First | None:
    spec = ask.view.spec("customers", ask.asker, **PLAIN)
    order, count = ranked(spec, rows_max=1)
    if not count:
        return None
    name, currency = order[0]["customer"], order[0]["currency"]
    filters = {**ask.view.filters, "customer": (name, "")}
    rows = [x for x in money_rows(replace(spec, filters=filters)) if x["currency"] == currency]
    return First(name, order[0]["name"] or name, currency, count, rows)


def lead(ask: Ask) -> dict:
    found, whole = first_of(ask), totals(ask)
    if found is None:
        return {"parts": [(no_customer(ask)[0], True)]}
    rows, currency, count = found.rows, found.currency, found.count
    rest = sum((row["cost"] for row in rows if not row["customer"]), ZERO)
    first = sum((row["cost"] for row in rows if row["customer"]), ZERO)
    total = whole.get(currency, ZERO)
    on_customers = total - rest
    parts = [
        (numbers.plural(count, "customer"), True),
        (" cost ", False),
        (numbers.money(on_customers, currency), True),
        (f" over {numbers.period(ask.period, year=True)}, ", False),
        (f"{numbers.percent(on_customers, total)} {of_all(ask)}; ", False),
        (f"{found.name} alone {numbers.money(first, currency)}", False),
        (f", {numbers.percent(first, on_customers)} of that", False),
    ]
    if len(whole) > 1:
        parts.append((". Cost in other currencies is in the files", False))
    return {"parts": [*parts, (".", False)]}


def no_customer(ask: Ask) -> tuple[str, str]:
    if CustomerSplit.objects.filter(has_customers=True).exists():
        return ("No call of this period names a customer.", "Choose another period")
    return HOW


def _page_of(ask: Ask, asked: str, page: int) -> tuple[Customers, int, int]:
    """What stands on a page, which one that is, and how many there are; behind the last is the
    last."""
    name = ask.view.sort.removeprefix("-") or "cost"
    # The report's own margin is the worst first.
    backwards = bool(ask.view.sort) and ask.view.sort.startswith("-") == (name != "margin")

    def of(first: int, rows_max: int) -> Customers:
        return customers_of(ask, name, first, rows_max, asked, backwards)

    found = of((page - 1) * ROWS_MAX, ROWS_MAX)
    if page > 1 and not found.count:
        page = max(-(-of(0, 1).count // ROWS_MAX), 1)
        found = of((page - 1) * ROWS_MAX, ROWS_MAX)
    return found, page, max(-(-found.count // ROWS_MAX), 1)


def list_table(ask: Ask, asked: str = "", page: int = 1) -> dict:
    found, page, pages = _page_of(ask, asked, page)
    query = ask.view.query()

    def link(page: int) -> str:
        told = {"q": asked, "page": page if page > 1 else ""}
        mine = urlencode([(k, v) for k, v in told.items() if v])
        return f"?{'&'.join(filter(None, (query, mine)))}"

    shown = bool(found.count)
    whole = totals(ask).get(found.currency, ZERO)
    before = total_before(ask, found.currency) if found.compares else None
    head, text = no_customer(ask) if not shown and not asked else ("Nobody is called so.", "")
    return {
        "tables": [table(ask, found, whole, before)] if shown else [],
        "empty": (head, text, "", ""),
        "asked": asked,
        "pairs": hidden_pairs(ask.view),
        "earlier": link(page - 1) if page > 1 else "",
        "later": link(page + 1) if page < pages else "",
        "span": f"{numbers.count((page - 1) * ROWS_MAX + 1)}–"
        f"{numbers.count(min(page * ROWS_MAX, found.count))} of {numbers.count(found.count)}",
        "known": shown or bool(asked),
        "after": f"{AFTER}{EARNS if may_see_margin(ask.user) else ''}" if shown else "",
    }  # fmt: skip


def own_residual(ask: Ask) -> dict:
    """What stands on customers and on the lines below them, as in the table; to the bill."""
    found = first_of(ask)
    if found is None:
        return residual(ask)
    below: dict[str, Decimal] = {}
    for row in found.rows:
        if not row["customer"]:
            name = NOBODY[row["line"]].lower()
            below[name] = below.get(name, ZERO) + row["cost"]
    whole = totals(ask).get(found.currency, ZERO)
    on_customers = whole - sum(below.values(), ZERO)
    block = {
        "currency": found.currency,
        "owned": on_customers,
        "pools": sorted(below.items(), key=lambda item: -item[1]),
        "rounding": numbers.rounding([on_customers, *below.values()], whole),
        "total": whole,
    }
    return residual(ask, group_by=()) | {"blocks": [block], "owned": "on customers"}


def list_data(ask: Ask) -> Sheet:
    """All customers, not the page alone, with what stands on none."""
    return sheet_of_answer("Customers", ask.report(report_of(ask), **PLAIN))


def read(request: HttpRequest) -> tuple[Page, Ask]:
    """`q` is what names must hold, `page` which fifty."""
    ask, given = ask_of(request), request.GET
    sort = ask.view.sort or OLDER.get(given.get("by", ""), "")
    if sort.removeprefix("-") in EARNED and not may_see_margin(ask.user):
        sort = ""
    ask = ask.with_view(sort=sort)
    page = given.get("page", "1")
    page = int(page[:7]) if page.isdecimal() and int(page[:7]) > 0 else 1
    chosen = partial(list_table, asked=given.get("q", "").strip()[:100], page=page)
    panels = tuple(
        replace(one, build=chosen) if one.slug == "table" else one for one in CUSTOMERS.panels
    )
    return replace(CUSTOMERS, panels=panels), ask


CUSTOMERS = Page(
    slug="customers",
    title="Customers",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("table", "parts/customers_table.html", list_table, table=list_data,
              title="Customers", lazy=True, size="tall", sorting=SORTS),
        replace(RESIDUAL, build=own_residual),
    ),
    picks=("period", "compare", "step", "basis"),
    filters=FILTERS,
    asks=(),
    own=("q", "page"),
    reads=read,
)  # fmt: skip
