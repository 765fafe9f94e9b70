"""What the preview of a change says, for its page."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from aicost.web import numbers
from aicost.web.tables import DESCRIBED
from attribution.ruling.preview import Move, Preview, Total
from attribution.ruling.replay.engine import Where
from attribution.ruling.told import place

MOVES_SHOWN, TEAMS_SHOWN = 30, 12
ZERO = Decimal(0)
KINDS = ("workload", "shared", "idle", "unattributed")


@dataclass(frozen=True)
class Line:
    """One line of a table of before and after."""

    name: str
    currency: str
    before: Decimal
    after: Decimal
    is_total: bool = False

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def told(found: Preview) -> dict:
    """The context of the preview's page: the largest moves, kinds with their sum, teams that
    change, and notes about how far it reaches."""
    moves = _moves(found.moves)
    teams = [
        Line(one.value or "No team", one.currency, one.before, one.after)
        for one in found.totals
        if one.dimension == "team" and one.before != one.after
    ]
    return {
        "period": numbers.period(found.period, year=True),
        "nothing": _nothing(found),
        "moved": sorted(found.moved().items()),
        "moves": moves[:MOVES_SHOWN],
        "more_moves": max(0, len(moves) - MOVES_SHOWN),
        "kinds": _kinds(found.totals),
        "teams": teams[:TEAMS_SHOWN],
        "more_teams": max(0, len(teams) - TEAMS_SHOWN),
        "reach": _reach(found),
    }


def _moves(moves: Iterable[Move]) -> list[dict]:
    """The moves by what they are called: those that differ only in their activity are one line,
    but a credit never hides in what it lowers."""
    found: dict[tuple, dict] = {}
    for one in moves:
        names = {"source": where(one.start), "target": where(one.end), "currency": one.currency}
        line = found.setdefault(
            (*names.values(), one.cost < 0), names | {"cost": ZERO, "series": 0, "charges": 0}
        )
        for name in ("cost", "series", "charges"):
            line[name] += getattr(one, name)
    return sorted(found.values(), key=lambda line: -abs(line["cost"]))


def where(target: Where) -> str:
    """`data-eng`, or what nothing owns: `Unattributed, unclaimed`."""
    if target.kind == "workload":
        return place(target)
    state = DESCRIBED.get(target.state, target.state).lower()
    named = [text for text in target[3:] if text]
    return ", ".join((DESCRIBED.get(target.kind, target.kind), state, *named))


def _kinds(totals: Iterable[Total]) -> list[Line]:
    lines: list[Line] = []
    kinds = [one for one in totals if one.dimension == "kind"]
    for currency in sorted({one.currency for one in kinds}):
        mine = [one for one in kinds if one.currency == currency]
        mine.sort(key=lambda one: KINDS.index(one.value))
        lines += [Line(DESCRIBED[x.value], currency, x.before, x.after) for x in mine]
        before, after = (sum((getattr(x, n) for x in mine), ZERO) for n in ("before", "after"))
        lines.append(Line("Total", currency, before, after, is_total=True))
    return lines


def _nothing(found: Preview) -> str:
    if found.moves:
        return ""
    if found.not_reached and not found.charges:
        return "no open day of these is claimed otherwise."
    if not found.series:
        return "no series of these days is claimed otherwise."
    return f"{numbers.plural(found.series, 'series', 'series')} would be claimed by another rule, "\
        "but their money stands where it stood."  # fmt: skip


def _reach(found: Preview) -> list[str]:
    charges = numbers.plural(found.charges, "charge")
    lines = [
        f"{charges} of {numbers.count(found.series)} series counted by the engine itself in "
        f"{found.seconds:.1f} s; {found.basis} cost."
    ]
    if found.not_reached:
        months = ", ".join(f"{month:%b %Y}" for month in found.not_reached)
        lines.append(f"Closed and not reached: {months}.")
    if found.waiting:
        days = numbers.plural(found.waiting, "day waits", "days wait")
        lines.append(f"{days} for attribution: before is what is published.")
    return lines
