"""Report rows turned into the lines of a table. Pure: rows in, lines out, nothing is queried."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from aicost.web import numbers
from aicost.web.filters import label

ZERO = Decimal(0)
LINES = ("owned", "workload", "shared", "idle", "unattributed")
LINE_NAMES = {"shared": "Shared", "idle": "Idle", "unattributed": "Unattributed"}
DESCRIBED = {
    "workload": "Used by a workload",
    "idle": "Idle",
    "shared": "Shared",
    "unattributed": "Unattributed",
    "active": "Active",
    "held_idle": "Held idle",
    "empty_idle": "Empty idle",
    "unreserved": "Unreserved",
    "unused_commitment": "Unused commitment",
    "tax": "Tax",
    "support": "Support",
    "fee": "Fee",
    "commitment": "Commitment",
    "credit": "Credit",
    "unobserved": "Unobserved",
    "unmetered": "Unmetered",
    "unclaimed": "Unclaimed",
    "inference_compute": "Inference compute",
    "hosting_kept_warm": "Hosting kept warm",
    "model_api": "Model APIs",
    "training_compute": "Training compute",
    "data_processing": "Data processing",
    "storage": "Storage",
    "data_movement": "Data movement",
    "observability": "Observability",
    "other": "Other",
}
# Dimensions whose values are words of ours, not names of theirs.
WORDED = ("kind", "state", "layer")
LINES_MAX = 100
_EVIDENCE = (
    ("measured", "measured_cost"),
    ("tagged", "tagged_cost"),
    ("by rule", "inferred_cost"),
    ("fallback", "fallback_cost"),
)


@dataclass
class Line:
    """One row of a table that sums: its names, money now and before, and how it was found."""

    key: tuple
    names: tuple[str, ...]
    line: str
    swatch: str = ""
    cost: Decimal = ZERO
    previous: Decimal | None = None
    idle_cost: Decimal = ZERO
    spread: Decimal = ZERO
    by_evidence: dict = field(default_factory=dict)
    by_period: dict = field(default_factory=dict)
    why: str = ""
    unit_why: dict = field(default_factory=dict)
    drill: str = ""
    page: str = ""
    spark: dict | None = None
    unit: object | None = None

    @property
    def delta(self) -> Decimal | None:
        return None if self.previous is None else self.cost - self.previous

    @property
    def growth(self) -> Decimal | None:
        """The change as a part of what it was; None where nothing was, or nothing is compared."""
        return self.delta / abs(self.previous) if self.previous else None

    @property
    def own_idle(self) -> Decimal | None:
        return self.idle_cost if self.owns else None

    @property
    def second(self) -> str:
        return self.names[1] if len(self.names) > 1 else ""

    @property
    def owns(self) -> bool:
        """Whether idle of its own can stand in it: a pool line is itself idle, or has no owner."""
        return self.line not in LINE_NAMES

    @property
    def evidence(self) -> str:
        """The strongest sentence that is true: "measured 94%"."""
        whole = sum(self.by_evidence.values(), ZERO)
        if not whole:
            return ""
        name, part = max(self.by_evidence.items(), key=lambda item: abs(item[1]))
        return f"{name} {numbers.percent(part, whole, 0)}"


@dataclass
class Block:
    """All lines of one currency with their total; the lines add up to it."""

    currency: str
    lines: list[Line]
    total: Line
    more: int = 0
    idle: object | None = None  # where its idle stands (aicost.web.idle)

    def of(self, kind: str) -> Decimal:
        """The sum of the lines of one kind; `owned` includes money without a name in the group."""
        kinds = ("owned", "workload") if kind == "owned" else (kind,)
        return sum((x.cost for x in self.lines if x.line in kinds), ZERO)

    @property
    def rounding(self) -> Decimal:
        """What the total shows more than the rows: cents are rounded row by row."""
        return numbers.rounding((x.cost for x in self.lines), self.total.cost)


def worded(dimension: str, value: str) -> str:
    """A value as people read it: words of ours for what we name, theirs as they wrote them."""
    return DESCRIBED.get(value, value) if dimension in WORDED else value


def pool_name(kind: str, dimension: str = "") -> str:
    """What a line below the names is called. Idle without a feature is not idle without a team, so
    the line says by which name it has none."""
    if kind == "idle" and dimension and dimension not in ("kind", "state"):
        return f"{LINE_NAMES[kind]}, no {label(dimension).lower()}"
    return LINE_NAMES.get(kind, "")


def line_names(row: dict, group_by: Sequence[str]) -> tuple[str, ...]:
    """What a row is called in each column of the group. Money without a name is called by its
    line in the first column."""
    pool = LINE_NAMES.get(row["line"], "")
    names = []
    for n, dimension in enumerate(group_by):
        value = str(row.get(dimension) or "")
        below = pool_name(row["line"], dimension) if n == 0 else ""
        empty = below if pool else f"No {label(dimension).lower()}"
        named = worded(dimension, value)
        if n == 0 and pool and named and dimension not in WORDED:
            named = f"{named}, {pool.lower()}"
        names.append(named or empty)
    return tuple(names) or ("All cost",)


def row_key(row: dict, group_by: Sequence[str]) -> tuple:
    return (row["line"], *(row.get(name) or "" for name in group_by))


def _add(line: Line, row: dict) -> None:
    line.cost += row["cost"]
    line.idle_cost += row["idle_cost"] or ZERO
    line.spread += (row.get("idle_spread") or ZERO) + (row.get("shared_spread") or ZERO)
    for name, column in _EVIDENCE:
        line.by_evidence[name] = line.by_evidence.get(name, ZERO) + (row[column] or ZERO)
    period = row.get("period")
    line.by_period[period] = line.by_period.get(period, ZERO) + row["cost"]


def sum_lines(rows: Iterable[dict], group_by: Sequence[str]) -> dict[str, dict[tuple, Line]]:
    """currency -> key -> line, summed over the periods of the rows."""
    found: dict[str, dict[tuple, Line]] = defaultdict(dict)
    for row in rows:
        key = row_key(row, group_by)
        lines = found[row["currency"]]
        if key not in lines:
            lines[key] = Line(key, line_names(row, group_by), row["line"])
        _add(lines[key], row)
    return found


def _dearest_first(line: Line) -> tuple:
    return line.line != "owned", LINES.index(line.line), -line.cost, line.names


def _total(lines: Iterable[Line]) -> Line:
    total = Line(("total",), ("Total",), "total", "s-total")
    for line in lines:
        total.cost += line.cost
        total.idle_cost += line.idle_cost if line.owns else ZERO
        total.spread += line.spread
        if line.previous is not None:
            total.previous = (total.previous or ZERO) + line.previous
        for period, cost in line.by_period.items():
            total.by_period[period] = total.by_period.get(period, ZERO) + cost
    return total


def blocks(
    rows: Iterable[dict],
    group_by: Sequence[str],
    *,
    before: Iterable[dict] | None = None,
    colour: Callable[[str, str, str], str],
) -> list[Block]:
    """One block a currency, the largest first, its owned lines by cost. With `before` every line
    carries what it was, and what is gone today keeps its line."""
    now = sum_lines(rows, group_by)
    if before is not None:
        _compare(now, before, group_by)
    found = []
    for currency, lines in now.items():
        for line in lines.values():
            first = (group_by[0], line.key[1]) if group_by else ("", "")
            line.swatch = colour(*first, line.line)
        ordered = sorted(lines.values(), key=_dearest_first)
        found.append(Block(currency, ordered, _total(ordered)))
    return sorted(found, key=lambda block: -abs(block.total.cost))


def _compare(
    now: dict[str, dict[tuple, Line]], before: Iterable[dict], group_by: Sequence[str]
) -> None:
    """Tell every line what it was; of the rows before only their cost is shown."""
    for lines in now.values():
        for line in lines.values():
            line.previous = ZERO
    for row in before:
        key, lines = row_key(row, group_by), now[row["currency"]]
        if key not in lines:
            lines[key] = Line(key, line_names(row, group_by), row["line"], previous=ZERO)
        lines[key].previous += row["cost"]


def _others(rest: Sequence[Line]) -> str:
    """ "12 others, 3 without cost now"."""
    free = sum(not line.cost for line in rest)
    told = [f"{len(rest) - free} others"] if len(rest) > free else []
    return ", ".join([*told, *([f"{free} without cost now"] if free else [])])


def shorten(block: Block, lines_max: int = LINES_MAX) -> Block:
    """The block with its smallest owned lines folded into one, so that it still adds up. What
    costs nothing now is counted apart: a chart of now does not have it. Money without a name
    keeps its line, as in the chart."""
    owned = [x for x in block.lines if x.line == "owned" and (len(x.key) < 2 or any(x.key[1:]))]
    if len(owned) <= lines_max:
        return block
    largest = sorted((x for x in owned if x.cost), key=lambda x: -abs(x.cost))
    if len(largest) > lines_max:
        largest = largest[: lines_max - 1]
    kept = {line.key for line in largest}
    rest = [line for line in owned if line.key not in kept]
    other = _total(rest)
    other.key, other.line, other.swatch = ("other",), "other", "s-other"
    other.names = (_others(rest), *("" for _ in rest[0].names[1:]))
    unnamed = [x for x in block.lines if x not in owned]
    lines = [x for x in owned if x.key in kept] + [other] + unnamed
    return Block(block.currency, lines, block.total, len(rest))
