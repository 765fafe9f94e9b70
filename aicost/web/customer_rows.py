"""The rows of customers on pages: some of many, the others as one line, then what stands on none,
so that the table adds up to the cost of the view. A customer's figures are looked up by its name:
a page of 50 costs the same among 50 and among 100,000."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.urls import reverse

from aicost.accounts.scope import may_see_margin
from aicost.web import numbers, owned
from aicost.web.ask import Ask
from aicost.web.owned import Cell, Column, Table
from aicost.web.parts import whole_steps
from aicost.web.tables import LINE_NAMES, Line, pool_name
from aicost.web.units import per_thousand
from attribution.reports.customers import LINES, money_rows, ranked
from attribution.reports.unit_cost import per_unit

ZERO = Decimal(0)
NOBODY = {"workload": "On no customer", **{x: pool_name(x, "customer") for x in LINE_NAMES}}
# A customer has its share of the owner's idle, not of the pools.
PLAIN = {"group_by": (), "idle": "shown", "shared": "shown"}


@dataclass
class Customers:
    """`rows` are (customer, currency) in their order among `count`; `found` is the answer's row of
    each, `before` what it cost, `rest` what stands on no customer, `rest_before` what stood there
    by (line, currency)."""

    rows: list[tuple[str, str]]
    count: int
    found: dict[tuple[str, str], dict]
    before: dict[tuple[str, str], Decimal]
    rest: list[dict]
    titles: dict[str, str]
    rest_before: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    steps: dict[tuple[str, str], dict] = field(default_factory=dict)

    @property
    def compares(self) -> bool:
        return bool(self.before or self.rest_before)

    @property
    def currency(self) -> str:
        known = [currency for _, currency in self.rows if currency]
        known += [row["currency"] for row in self.rest if row["currency"]]
        return known[0] if known else ""


def report_of(ask: Ask) -> str:
    """The report with revenue for whoever may see margin, where revenue knows the filters."""
    earns = may_see_margin(ask.user) and not set(ask.view.filters) - {"feature"}
    return "customer_margin" if earns else "customers"


def customers_of(
    ask: Ask,
    sort: str = "cost",
    first: int = 0,
    rows_max: int = 10,
    asked: str = "",
    backwards: bool = False,
) -> Customers:
    """One page of customers of this view in the order of `sort`, which report `customers` knows."""
    key, kept = (sort, first, rows_max, asked, backwards), ask.once(_pages)
    if key not in kept:
        kept[key] = _customers(ask, *key)
    return kept[key]


def _pages(ask: Ask) -> dict[tuple, Customers]:
    return {}


def _customers(ask: Ask, *of: object) -> Customers:
    """`of` is what report `customers` ranks by."""
    spec = ask.view.spec("customers", ask.asker, **PLAIN)
    order, count = ranked(spec, *of)
    names = tuple(dict.fromkeys(row["customer"] for row in order))
    filters = {**ask.view.filters, "customer": (*names, "")}
    rows = ask.report(report_of(ask), filters=filters, **PLAIN).rows
    alone = replace(spec, filters={**filters, "customer": names})
    before = []
    if ask.view.other is not None and names:
        before = money_rows(replace(spec, filters=filters, period=ask.view.other))
    steps: dict[tuple, dict] = {}
    for row in money_rows(replace(alone, granularity=ask.view.granularity)) if names else ():
        steps.setdefault((row["customer"], row["currency"]), {})[row["period"]] = row["cost"]
    rest = [row for row in rows if not row["customer"] and row["cost"]]
    rest_before = {(x["line"], x["currency"]): x["cost"] for x in before if not x["customer"]}
    for line, currency in rest_before.keys() - {(row["line"], row["currency"]) for row in rest}:
        rest.append({"line": line, "currency": currency, "cost": ZERO})
    return Customers(
        [(row["customer"], row["currency"] or "") for row in order],
        count,
        {(row["customer"], row["currency"] or ""): row for row in rows if row["customer"]},
        {(row["customer"], row["currency"]): row["cost"] for row in before if row["customer"]},
        sorted(rest, key=lambda row: LINES.index(row["line"])),
        {row["customer"]: row["name"] for row in order if row["name"]},
        rest_before,
        steps,
    )


def customer_url(ask: Ask, name: str) -> str:
    query = ask.view.query(filters={}, group_by=("feature",))
    return reverse("customer", args=[name]) + (f"?{query}" if query else "")


def table(ask: Ask, of: Customers, total: Decimal, total_before: Decimal | None = None) -> Table:
    """`total` is the cost of the view in the table's currency: what the rows and the rest do not
    hold is the line of the other customers. `total_before` is None where nothing is compared."""
    currency = of.currency
    lines = [_line(ask, of, key) for key in of.rows if (key[1] or currency) == currency]
    rest = [_rest(of, row) for row in of.rest if row["currency"] == currency]
    others = total - sum((x.cost for x in [*lines, *rest]), ZERO)
    hidden = of.count - len(of.rows)
    if hidden > 0 or others:
        named = numbers.plural(hidden, "other customer")
        lines.append(Line(("other",), (named,), "other", "s-other", cost=others))
        if total_before is not None:
            shown = (x.previous or ZERO for x in [*lines, *rest])
            lines[-1].previous = total_before - sum(shown, ZERO)
    whole = Line(("total",), ("Total",), "total", "s-total", cost=total, previous=total_before)
    earns = any("revenue" in row for row in of.found.values())
    columns = _columns(ask, of, currency, total, earns)
    top = max((v for steps in of.steps.values() for v in steps.values()), default=ZERO)
    periods = whole_steps(ask, ask.period, ask.view.granularity)
    for line in lines:
        steps = of.steps.get((line.key[-1], currency))
        line.spark = owned.drawn(steps, periods, top) if steps else None
    return Table(
        "Customer",
        columns,
        [_row(line, columns, of, currency) for line in [*lines, *rest]],
        _row(whole, columns, of, currency),
    )


def _line(ask: Ask, of: Customers, key: tuple[str, str]) -> Line:
    row = of.found.get(key) or {"cost": ZERO}
    previous = of.before.get(key, ZERO) if of.compares else None
    line = Line(("owned", key[0]), (of.titles.get(key[0], key[0]),), "owned")
    line.cost, line.previous, line.page = row["cost"] or ZERO, previous, customer_url(ask, key[0])
    return line


def _rest(of: Customers, row: dict) -> Line:
    line = row["line"]
    swatch = "s-nofeature" if line == "workload" else f"s-{line}"
    previous = of.rest_before.get((line, row["currency"]), ZERO) if of.compares else None
    return Line((line, ""), (NOBODY[line],), line, swatch, cost=row["cost"], previous=previous)


def _row(line: Line, columns: Sequence[Column], of: Customers, currency: str) -> owned.Row:
    cells = [(column, column.cell(line, currency)) for column in columns]
    raw = line.key[-1] if line.line == "owned" else ""
    note = raw if raw != line.names[0] else ""
    return owned.Row(line.names[0], line.swatch, line.page, cells, line.why, note)


def _columns(ask: Ask, of: Customers, currency: str, total: Decimal, earns: bool) -> list[Column]:
    sign = numbers.sign_of(currency).strip()

    def told(write):
        return owned.of_owned(of.found, lambda row, currency: write(row) or owned.UNKNOWN)

    found = [Column(f"{numbers.period(ask.period)}, {sign}", _cost, wide=False, key="cost")]
    if of.compares:
        found.append(Column("Change", _growth, wide=False))
    found += [
        Column("Inferences", told(_requests)),
        Column("Per 1k inferences", told(_per_thousand)),
        Column("Tokens", told(_tokens)),
    ]
    if earns:
        found += [
            Column(f"Revenue, {sign}", told(_revenue), key="revenue"),
            Column(f"Margin, {sign}", told(_margin), key="margin"),
            Column("Margin", told(_margin_percent)),
        ]
    return [*found, owned.share_column(total), owned.spark_column(ask, currency)]


def _cost(line: Line, currency: str) -> Cell:
    return Cell(numbers.money(line.cost, currency))


def _growth(line: Line, currency: str) -> Cell:
    if line.line == "total" and line.previous is None:
        return owned.NOTHING
    return Cell(numbers.change_percent(line.cost, line.previous), "second")


def _requests(row: dict) -> Cell | None:
    known = row["requests"] is not None
    return Cell(numbers.short_count(row["requests"]), "second") if known else None


def _tokens(row: dict) -> Cell | None:
    known = row["tokens"] is not None
    return Cell(numbers.short_count(row["tokens"]), "second") if known else None


def _per_thousand(row: dict) -> Cell | None:
    each = per_unit(row["cost"], row["requests"])
    return None if each is None else Cell(per_thousand(each, row["currency"] or ""))


def _revenue(row: dict) -> Cell | None:
    known = row["revenue"] is not None
    return Cell(numbers.money(row["revenue"], row["currency"]), "second") if known else None


def _margin(row: dict) -> Cell | None:
    if row["margin"] is None:
        return None
    return Cell(numbers.money(row["margin"], row["currency"]), "bad" if row["margin"] < 0 else "")


def _margin_percent(row: dict) -> Cell | None:
    if row["margin_percent"] is None:
        return None
    css = "bad" if row["margin_percent"] < 0 else ""
    return Cell(numbers.percent_of(row["margin_percent"]), css)
