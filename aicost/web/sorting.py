"""Tables in the order one asks for: the head of a column is a link that sets `sort` in the address.

A table says once what it can be sorted by, and its page sorts all its rows before it cuts them:

    RUNS = Sorting({"name": "name", "gpu_hours": "hours", "run_cost": "cost"}, first="run_cost",
                   words=("name",), table="runs")

    rows = RUNS.rows(ask.view, rows)
    Panel("runs", "parts/runs.html", runs, table=runs_sheet, sorting=RUNS)

In its template a head is {% head "gpu_hours" "num wide" %}GPU-hours{% endhead %} (library `look`),
and the file is sorted by its column of the same name. The main table of a page has no `table`:
sort=cost is the dearest first, sort=-cost the cheapest, sort=-runs.cost those of the table runs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from aicost.web.tables import Block
from attribution.reports.sheets import Sheet

OWNED, NAME = "owned", "name"
UP, DOWN = "ascending", "descending"
ARROWS = {UP: "▲", DOWN: "▼"}
# What a line of cost can be sorted by, wherever one stands.
LINE = {
    NAME: "names",
    "cost": "cost",
    "share_percent": "cost",
    "idle_cost": "own_idle",
    "spread": "spread",
    "previous": "previous",
    "change": "delta",
    "change_percent": "growth",
}


def growth_of(row: Mapping) -> Decimal | None:
    """The change of a row of a file that has no column for it in per cent."""
    change, previous = row["change"], row["previous"]
    return change / abs(previous) if change is not None and previous else None


def part_of(row: Mapping) -> Decimal | None:
    """How much of its budget a row of a file has used."""
    used, budget = row.get("budget_used"), row.get("budget")
    return used / budget if used is not None and budget else None


def _last_of(row: Mapping) -> Any:
    """The second name of a table of two groups."""
    return list(row.values())[1]


class Ordered(Protocol):
    """What an address says of the order: a view of pages with panels, or the address of a list."""

    sort: str

    def here(self, *, sort: str) -> str:
        """The same in another order."""


@dataclass(frozen=True)
class Head:
    """One head of a table: where its link leads, how it is sorted now ("" not by it), its anchor,
    which keeps the place on the page."""

    href: str
    order: str
    anchor: str

    @property
    def arrow(self) -> str:
        return ARROWS.get(self.order, "")


@dataclass(frozen=True)
class Sorting:
    """`columns` are name -> where the value stands in a row: "unit.requests", or what tells it of a
    row. Unasked a table is sorted by `first`, or has an order of its own. Those in `words` begin
    with A, all others with the largest; what is nothing always stands last. `data` are the columns
    of the file that are called otherwise."""

    columns: Mapping[str, str | Callable[[Any], Any]]
    first: str = ""
    words: tuple[str, ...] = (NAME,)
    table: str = ""
    data: Mapping[str, str | Callable[[Mapping], Any]] = field(default_factory=dict)

    def knows(self, sort: str) -> bool:
        return self._asked(sort) is not None

    def is_first(self, sort: str) -> bool:
        """Whether this is the order the table has unasked."""
        return self._asked(sort) == self._asked(self._token(self.first))

    def rows(self, view: Ordered, rows: Iterable, of: Mapping[str, Callable] | None = None) -> list:
        """The rows as `view` asks; equal ones stay in their order. `of` tells values of columns
        that only the build knows."""
        asked = self._asked(view.sort)
        if asked is None:
            return list(rows)
        name, backwards = asked
        value = (of or {}).get(name) or _reader(self.columns[name])
        return in_order(rows, value, up=(name in self.words) != backwards)

    def field_asked(self, view: Ordered) -> tuple[str, bool] | None:
        """(where the value stands, whether the smallest is first) of what is asked."""
        asked = self._asked(view.sort)
        if asked is None:
            return None
        name, backwards = asked
        return str(self.columns[name]), (name in self.words) != backwards

    def block(self, view: Ordered, found: Block, of: Mapping[str, Callable] | None = None) -> Block:
        """The block with its owned lines sorted; what stands below them stays there."""
        owned = [x for x in found.lines if x.line == OWNED]
        below = [x for x in found.lines if x.line != OWNED]
        return replace(found, lines=[*self.rows(view, owned, of), *below])

    def blocks(self, view: Ordered, found: Iterable[Block]) -> list[Block]:
        return [self.block(view, one) for one in found]

    def head(self, view: Ordered, name: str) -> Head | None:
        """The head of a column; None for one by which nothing is sorted."""
        if name not in self.columns:
            return None
        asked = self._asked(view.sort) or self._asked(self._token(self.first))
        now = asked is not None and asked[0] == name
        backwards = now and not asked[1]
        token = self._token(f"-{name}" if backwards else name)
        token = "" if self.is_first(token) else token
        order = (UP if (name in self.words) != asked[1] else DOWN) if now else ""
        anchor = f"by-{self.table or 'table'}-{name}".replace("_", "-")
        return Head(f"?{view.here(sort=token)}#{anchor}", order, anchor)

    def sheet(self, view: Ordered, sheet: Sheet) -> Sheet:
        """The file in the order of the page. Where rows say their line, pools and totals stay
        below the owned rows of their currency."""
        asked = self._asked(view.sort) or self._asked(self._token(self.first))
        value = self._reader_of(sheet, asked[0]) if asked else None
        if value is None:
            return sheet
        name, backwards = asked
        up = (name in self.words) != backwards
        columns = [column.name for column in sheet.columns]
        rows = [dict(zip(columns, row, strict=True)) for row in sheet.rows]
        if "line" not in columns:
            return replace(sheet, rows=_tuples(in_order(rows, value, up)))
        found: list[dict] = []
        for currency in dict.fromkeys(row.get("currency") for row in rows):
            of_it = [row for row in rows if row.get("currency") == currency]
            owned = [row for row in of_it if row["line"] == OWNED]
            below = [row for row in of_it if row["line"] != OWNED]
            found += [*in_order(owned, value, up), *below]
        return replace(sheet, rows=_tuples(found))

    def _reader_of(self, sheet: Sheet, name: str) -> Callable[[Mapping], Any] | None:
        told = self.data.get(name, name)
        if callable(told):
            return told
        names = [column.name for column in sheet.columns]
        if told not in names and name == NAME:
            told = names[0]
        return _reader(told) if told in names else None

    def _asked(self, sort: str) -> tuple[str, bool] | None:
        """(column, backwards) of an address that asks for this table."""
        backwards, text = sort.startswith("-"), sort.removeprefix("-")
        table, _, name = text.rpartition(".")
        return (name, backwards) if table == self.table and name in self.columns else None

    def _token(self, name: str) -> str:
        if not name:
            return ""
        sign = "-" if name.startswith("-") else ""
        table = f"{self.table}." if self.table else ""
        return f"{sign}{table}{name.removeprefix('-')}"


@dataclass
class Heads:
    """What the heads of a table are written from, in its template."""

    sorting: Sorting
    view: Ordered
    anchored: set = field(default_factory=set)

    def of(self, name: str) -> Head | None:
        """An anchor stands once on a page, though a table of several currencies has its heads
        several times."""
        head = self.sorting.head(self.view, name)
        if head is not None and head.anchor in self.anchored:
            return replace(head, anchor="")
        if head is not None:
            self.anchored.add(head.anchor)
        return head


# The common table of cost, the dearest first.
LINES = Sorting({**LINE, "second": "second"}, "cost", (NAME, "second"), data={"second": _last_of})


def in_order(rows: Iterable, value: Callable[[Any], Any], up: bool) -> list:
    """Sorted by value; equal rows stay as they were, those without a value stand last."""
    pairs = [(value(row), row) for row in rows]
    known = [(_comparable(v), row) for v, row in pairs if v not in (None, "", ())]
    nothing = [row for v, row in pairs if v in (None, "", ())]
    known.sort(key=_first, reverse=not up)
    return [row for _, row in known] + nothing


def _first(pair: tuple) -> Any:
    return pair[0]


def _comparable(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_comparable(part) for part in value)
    return value.casefold() if isinstance(value, str) else value


def _reader(told: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
    if callable(told):
        return told
    path = told.split(".")

    def value(row: Any) -> Any:
        for part in path:
            row = row.get(part) if isinstance(row, Mapping) else getattr(row, part, None)
        return row

    return value


def _tuples(rows: Iterable[dict]) -> list[tuple]:
    return [tuple(row.values()) for row in rows]
