"""Tables of names, one row a name with money, use and what it earns: features, teams, customers.

A page gives its columns; the rows are the lines of report `cost` by its dimension, so that every
table ends with what has no owner and adds up to the bill.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from aicost.web import numbers, spark
from aicost.web.ask import Ask
from aicost.web.idle import add_idle
from aicost.web.parts import cost_blocks, whole_steps, why_url
from aicost.web.sorting import LINE, Sorting, part_of
from aicost.web.tables import Block, Line, shorten
from aicost.web.units import Unit

ZERO = Decimal(0)


@dataclass(frozen=True)
class Cell:
    """One figure of a row: its text and its class (`word` for what is no number), the address that
    says why or the page it leads to, a note beside it, or a sparkline instead."""

    text: str = ""
    css: str = ""
    why: str = ""
    href: str = ""
    note: str = ""
    spark: dict | None = None


# What `unit_columns` shows, in files.
UNIT_COLUMNS = ("requests", "marginal_cost_per_inference", "loaded_cost_per_inference", "outcome",
                "outcomes", "loaded_cost_per_outcome")  # fmt: skip
NOTHING = Cell()
UNKNOWN = Cell(numbers.UNKNOWN, "word")
NOT_APPLICABLE = Cell(numbers.NOT_APPLICABLE, "word")


@dataclass(frozen=True)
class Column:
    """`cell` writes a line's figure in a currency. One that is `wide` is left out on a phone;
    `words` is a column of words, not numbers. `key` is its name in the file, by which the table is
    sorted, and `value` what it writes, unrounded, of a line in a currency."""

    head: str
    cell: Callable[[Line, str], Cell]
    wide: bool = True
    words: bool = False
    key: str = ""
    value: Callable[[Line, str], object] | None = None

    @property
    def css(self) -> str:
        return " ".join(filter(None, ("" if self.words else "num", "wide" if self.wide else "")))


@dataclass(frozen=True)
class Row:
    name: str
    swatch: str
    href: str
    cells: list[tuple[Column, Cell]]
    why: str
    note: str = ""


@dataclass
class Table:
    """`total` None: the rows are not all there are."""

    first: str
    columns: Sequence[Column]
    rows: list[Row]
    total: Row | None = None
    notes: list[str] = field(default_factory=list)
    block: Block | None = None


def daily(ask: Ask, group_by: Sequence[str]) -> dict[str, dict[tuple, Line]]:
    """currency -> key -> line with its cost per step of the view; the key of a total is total."""
    found = cost_blocks(ask.with_view(compare="none"), group_by, granularity=ask.view.granularity)
    return {b.currency: {x.key: x for x in b.lines} | {("total",): b.total} for b in found}


def add_sparks(ask: Ask, found: Sequence[Block], group_by: Sequence[str]) -> None:
    """Give each line its sparkline; the lines of a table share one scale, the total has its own."""
    steps, periods = daily(ask, group_by), whole_steps(ask, ask.period, ask.view.granularity)
    for block in found:
        series = steps.get(block.currency, {})
        owned = [series[x.key] for x in block.lines if x.key in series]
        top = max((v for x in owned for v in x.by_period.values()), default=ZERO)
        for line in [*block.lines, block.total]:
            if line.key in series:
                by_period = series[line.key].by_period
                line.spark = drawn(by_period, periods, None if line is block.total else top)


def drawn(
    by_period: Mapping[date, Decimal], periods: Sequence[date], top: Decimal | None
) -> dict | None:
    """The points of a sparkline up to `top`, or to its own highest value."""
    values = [by_period.get(p, ZERO) for p in periods]
    path = spark.points(values, max(values, default=ZERO) if top is None else top)
    return {"points": path, "end": spark.last_point(path)} if path else None


def named_blocks(
    ask: Ask, dimension: str, url: Callable[[str], str], lines_max: int = 100
) -> list[Block]:
    """The lines of a dimension with their reasons and pages."""
    found = [shorten(b, lines_max) for b in cost_blocks(ask, (dimension,))]
    add_idle(ask, found)
    for block in found:
        for line in [*block.lines, block.total]:
            if line.line != "other":
                line.why = why_url(ask, line, (dimension,), block.currency)
            if line.line == "owned":
                line.page = url(line.key[1])
    return found


# What tables of names can be sorted by; a table knows those of its columns.
NAMES = Sorting(
    {
        **LINE,
        **dict.fromkeys(
            ("requests", "tokens", "loaded_cost_per_inference", "loaded_cost_per_outcome",
             "revenue", "gross_margin_percent", "budget_used"),
            "",
        ),
    },
    first="cost",
    data={"budget_used": part_of},
)  # fmt: skip


def in_order(ask: Ask, block: Block, columns: Sequence[Column], by: Sorting = NAMES) -> Block:
    """The block in the order the view asks for, by the values of its columns."""

    def of(column: Column) -> Callable[[Line], object]:
        return lambda line: column.value(line, block.currency)

    return by.block(ask.view, block, {c.key: of(c) for c in columns if c.value is not None})


def table(block: Block, first: str, columns: Sequence[Column], *, swatches: bool = True) -> Table:
    """Without swatches where the colours of the page are those of other names."""

    def row(line: Line) -> Row:
        cells = [(column, column.cell(line, block.currency)) for column in columns]
        swatch = line.swatch if swatches else ""
        return Row(line.names[0], swatch, line.page, cells, line.why)

    notes = []
    if block.more:
        notes.append(f"The {block.more} smallest are one line here; the files have them all.")
    return Table(first, columns, [row(x) for x in block.lines], row(block.total), notes, block)


def cost_columns(ask: Ask, currency: str) -> list[Column]:
    """Cost, its change, and what is idle or spread in it."""
    sign = numbers.sign_of(currency).strip()
    spans = numbers.period(ask.period)
    found = [Column(f"{spans}, {sign}", _cost, wide=False, key="cost")]
    if ask.view.other is not None:
        found.append(Column("Change", _growth, wide=False, key="change_percent"))
    found.append(Column(f"Own idle, {sign}", _idle, key="idle_cost"))
    if "spread" in (ask.view.idle, ask.view.shared):
        found.append(Column(f"Of the pools, {sign}", _spread, key="spread"))
    return found


def _cost(line: Line, currency: str) -> Cell:
    return Cell(numbers.money(line.cost, currency))


def _growth(line: Line, currency: str) -> Cell:
    if line.previous is None:
        return NOT_APPLICABLE
    return Cell(numbers.change_percent(line.cost, line.previous), "second")


def _idle(line: Line, currency: str) -> Cell:
    return Cell(numbers.money(line.idle_cost, currency), "second") if line.owns else NOT_APPLICABLE


def _spread(line: Line, currency: str) -> Cell:
    return Cell(numbers.change(line.spread, currency), "second")


def share_column(total: Decimal) -> Column:
    def cell(line: Line, currency: str) -> Cell:
        return Cell(numbers.percent(line.cost, total), "second")

    return Column("Share", cell, key="share_percent")


def spark_column(ask: Ask, currency: str) -> Column:
    head = f"{numbers.sign_of(currency).strip()}/{ask.view.granularity}"
    return Column(head, lambda line, _: Cell(spark=line.spark, css=line.swatch), words=True)


def of_owned(known: Mapping, cell: Callable[[object, str], Cell], unknown: Cell = UNKNOWN):
    """The cell of what is known of a name: (name, currency) -> anything. Pools and totals have
    none, a name of which nothing is known says so."""

    def written(line: Line, currency: str) -> Cell:
        if line.line == "total":
            return NOTHING
        if line.line != "owned":
            return NOT_APPLICABLE
        found = known.get((line.key[1], currency))
        return unknown if found is None else cell(found, currency)

    return written


def value_of(known: Mapping, value: Callable[[object], object]):
    """The value beside such a cell: None for what has none."""

    def told(line: Line, currency: str) -> object:
        found = known.get((line.key[1], currency)) if line.line == "owned" else None
        return None if found is None else value(found)

    return told


def unit_columns(units: Mapping[tuple[str, str], Unit], whys: Callable[[str, str], str]) -> list:
    """Requests and what a thousand of them cost with their idle time; what one outcome costs where
    any is known. `whys` is the address that explains a name's unit cost."""

    def loaded(unit: Unit, currency: str) -> Cell:
        if unit.loaded is None:
            return UNKNOWN
        return Cell(unit.loaded_shown, why=whys(unit.name, "loaded_cost_per_inference"))

    def outcome(unit: Unit, currency: str) -> Cell:
        cost = unit.row["loaded_cost_per_outcome"]
        if cost is None:
            return UNKNOWN
        why = whys(unit.name, "loaded_cost_per_outcome")
        called = (unit.row["outcome"] or "").replace("_", " ")
        return Cell(numbers.unit_money(cost, currency), why=why, note=called)

    def requests(unit: Unit, currency: str) -> Cell:
        return UNKNOWN if unit.requests is None else Cell(numbers.short_count(unit.requests))

    def column(head: str, cell: Callable, key: str) -> Column:
        value = value_of(units, lambda unit: unit.row[key])
        return Column(head, of_owned(units, cell), key=key, value=value)

    found = [
        column("Inferences", requests, "requests"),
        column("Loaded per 1k", loaded, "loaded_cost_per_inference"),
    ]
    if any(u.row["loaded_cost_per_outcome"] is not None for u in units.values()):
        found.append(column("Loaded per outcome", outcome, "loaded_cost_per_outcome"))
    return found
