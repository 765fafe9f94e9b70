"""What Explore adds to the view: sums that run on, how many rows, and where a bar leads.

Keys of its own in the address: `sum=1` adds each step to those before it, `rows=60` shows that many
names before the rest is one line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from aicost.web.ask import Ask
from aicost.web.colours import SERIES
from aicost.web.figures import Stack
from aicost.web.parts import stacks
from aicost.web.tables import LINE_NAMES, Block
from attribution.reports.spec import BadSpec

ZERO = Decimal(0)
KEYS = ("sum", "rows")
# Of more than nine names eight are shown, and one line of the others: as many as have a colour.
ROWS_FIRST, ROWS_MORE, ROWS_MAX = 9, 50, 1000


@dataclass(frozen=True)
class Shape:
    """How the page shows its answer; `runs` is cumulative."""

    runs: bool = False
    rows: int = ROWS_FIRST

    def query(self, ask: Ask, **changes) -> str:
        """The view's state with changes, and this."""
        own = [("sum", "1")] if self.runs else []
        own += [("rows", str(self.rows))] if self.rows != ROWS_FIRST else []
        return "&".join(filter(None, (ask.view.query(**changes), urlencode(own))))

    @property
    def toggled(self) -> "Shape":
        return replace(self, runs=not self.runs)

    @property
    def longer(self) -> "Shape":
        return replace(self, rows=min(self.rows + ROWS_MORE, ROWS_MAX))


def shape_of(params: Mapping[str, str]) -> Shape:
    """Read from an address. Raises BadSpec for what is no number of rows."""
    text = params.get("rows") or str(ROWS_FIRST)
    if not (text.isascii() and text.isdigit() and ROWS_FIRST <= int(text[:6]) <= ROWS_MAX):
        raise BadSpec(f"rows={text[:20]} is not a number from {ROWS_FIRST} to {ROWS_MAX}")
    return Shape(params.get("sum") == "1", int(text))


def running(layers: Sequence[Stack], periods: Sequence[date]) -> list[Stack]:
    """Each layer with every step added to those before it."""
    found = []
    for layer in layers:
        sums = running_sums([layer.values.get(p, ZERO) for p in periods])
        found.append(replace(layer, values=dict(zip(periods, sums, strict=True))))
    return found


def running_sums(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    """A step nobody knows adds nothing and has no sum of its own."""
    found: list[Decimal | None] = []
    level = ZERO
    for value in values:
        level += value or ZERO
        found.append(None if value is None else level)
    return found


def drawn(block: Block) -> list[Stack]:
    """The layers of the chart, no two in one colour. Of a dimension with more names than colours
    two that stand beside each other may share one; then the larger keeps it here."""
    layers = stacks(block)
    every, taken, found = {x.swatch for x in layers}, set(), []
    for layer in layers:
        if layer.swatch in SERIES and layer.swatch in taken:
            free = (s for s in SERIES if s not in taken and s not in every)
            layer = replace(layer, swatch=next(free, layer.swatch))
        taken.add(layer.swatch)
        found.append(layer)
    return found


def add_swatches(block: Block, layers: Sequence[Stack]) -> None:
    """The lines of the table in the colours of the chart; what is one layer there is one grey."""
    swatches = {layer.name: layer.swatch for layer in layers}
    for line in block.lines:
        if line.line == "owned":
            line.swatch = swatches.get(line.names[0], "s-other")


def drill_links(ask: Ask, shape: Shape, block: Block, layers: Sequence[Stack]) -> list[str]:
    """Where a click on each layer leads: its name as a filter, or the kind of a pool; "" for one
    that stands for several. The table has the same links."""
    first = ask.view.group_by[0]
    names = {x.names[0]: x.key[1] for x in block.lines if x.line == "owned" and len(x.key) > 1}
    kinds = {x.names[0]: x.line for x in block.lines if x.line in LINE_NAMES}
    found = []
    for layer in layers:
        filters = dict(ask.view.filters)
        if names.get(layer.name):
            filters[first] = (names[layer.name],)
        elif layer.name in kinds:
            filters |= {"kind": (kinds[layer.name],), first: ("",)}
        else:
            found.append("")
            continue
        found.append("?" + shape.query(ask, filters=filters))
    return found
