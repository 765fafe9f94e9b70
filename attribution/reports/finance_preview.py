"""What a draft of a finance table would change in a month: the reports' own steps, asked twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aicost.kernel.periods import Period
from attribution.finance.editions import Editions, editions
from attribution.finance.shapes import ACCOUNTS, CLASS_NAMES, COST_CLASSES, Row
from attribution.reports.booked import Accounts, entries
from attribution.reports.classed import CLASS, classed_rows
from attribution.reports.revenue import revenue_rows
from attribution.reports.spec import LEFT_OUT, Asker, Spec

MOVES_MAX = 12
_NAMED = ("team", "feature", "model", "activity", "environment", "kind")
Sums = dict[tuple[str, str], Decimal]


@dataclass(frozen=True)
class Line:
    """One class, account or feature in one currency, as it is and as it would be."""

    name: str
    currency: str
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class Move:
    """Money that would change its class: whose it is, from where, to where."""

    what: str
    source: str
    target: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Preview:
    lines: tuple[Line, ...]
    moves: tuple[Move, ...] = ()
    more: int = 0

    @property
    def moved(self) -> bool:
        return any(line.delta for line in self.lines)


def preview(name: str, rows: Sequence[Row], month: Period, asker: Asker) -> Preview:
    """The month under the table in force and under `rows`, which are checked. Closed months keep
    theirs. Every cent stands on one line before and on one after."""
    spec = Spec("cost_class", month, asker, estimates=LEFT_OUT)
    sides = (editions(name), editions(name, rows))
    if name != COST_CLASSES.name:
        summed = _accounts if name == ACCOUNTS.name else _features
        return Preview(_lines(summed(spec, sides[0]), summed(spec, sides[1]), str))
    before, after = (_classes(spec, side) for side in sides)
    moves = sorted(_moves(before, after), key=lambda move: -abs(move.amount))
    lines = _lines(_by_class(before), _by_class(after), CLASS_NAMES.get)
    return Preview(lines, tuple(moves[:MOVES_MAX]), max(len(moves) - MOVES_MAX, 0))


def _lines(before: Sums, after: Sums, named: Callable[[str], str | None]) -> tuple[Line, ...]:
    found = [
        Line(named(name) or name, currency, *(side.get((name, currency), Decimal(0))
                                              for side in (before, after)))
        for name, currency in {**before, **after}
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda line: (line.currency, -abs(line.after), line.name)))


def _accounts(spec: Spec, table: Editions) -> Sums:
    found: Sums = {}
    for line in entries(spec, Accounts(table)):
        key = (f"{line['account']} {line['account_name']}".strip(), line["currency"])
        found[key] = found.get(key, Decimal(0)) + line["exact_amount"]
    return found


def _features(spec: Spec, table: Editions) -> Sums:
    found: Sums = {}
    for row in revenue_rows(spec, table):
        key = (row["feature"] or "No feature", row["currency"])
        found[key] = found.get(key, Decimal(0)) + row["revenue"]
    return found


def _classes(spec: Spec, table: Editions) -> dict[tuple, Sums]:
    """(names, currency) -> {(class, currency): cost}."""
    found: dict[tuple, Sums] = {}
    for row in classed_rows(spec, _NAMED, table):
        key = tuple(row[name] for name in _NAMED), row["currency"]
        sums, at = found.setdefault(key, {}), (row[CLASS], row["currency"])
        sums[at] = sums.get(at, Decimal(0)) + row["cost"]
    return found


def _by_class(found: dict[tuple, Sums]) -> Sums:
    summed: Sums = {}
    for sums in found.values():
        for key, amount in sums.items():
            summed[key] = summed.get(key, Decimal(0)) + amount
    return summed


def _moves(before: dict[tuple, Sums], after: dict[tuple, Sums]) -> list[Move]:
    """Of each name the class it leaves and the one it comes to, the largest of each."""
    moves = []
    for key, now in after.items():
        was = before.get(key, {})
        deltas = {at: now.get(at, Decimal(0)) - was.get(at, Decimal(0)) for at in {**was, **now}}
        lost, gained = (
            min(deltas, key=lambda at: deltas[at]),
            max(deltas, key=lambda at: deltas[at]),
        )
        if deltas[lost] < 0 < deltas[gained]:
            names, currency = key
            what = ", ".join(name for name in names if name)
            moves.append(
                Move(what, CLASS_NAMES[lost[0]], CLASS_NAMES[gained[0]], deltas[gained], currency)
            )
    return moves
