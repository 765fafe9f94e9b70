"""What a change of rules would move, before it is saved; by the engine itself, and exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
import time

from django.conf import settings
from django.db import connection, transaction

from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from attribution import vocabulary
from attribution.claims import ensure_builtin_rules
from attribution.closing.pinned import closed_months
from attribution.models import DayState
from attribution.reports.spec import BASES, Asker, BadSpec, NotAllowed
from attribution.ruling.draft import Draft
from attribution.ruling.edit import moves as reordering
from attribution.ruling.edit import newest
from attribution.ruling.effect import PACKAGE, drafted, segments
from attribution.ruling.replay.apart import one_snapshot
from attribution.ruling.replay.engine import Replayed, Where, replay
from attribution.ruling.validate import check_draft

DIMENSIONS = ("kind", "team", "feature")


@dataclass(frozen=True)
class Move:
    """Money that would leave one target for another, of how many charges and series a part."""

    start: Where
    end: Where
    currency: str
    cost: Decimal
    charges: int
    series: int


@dataclass(frozen=True)
class Stand:
    """The money of the touched charges on one target, before and after."""

    where: Where
    currency: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Total:
    """All money of the days reached with this value of a dimension. `before` is what is
    published; `after` is that with the change."""

    dimension: str
    value: str
    currency: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Preview:
    """`moves` by size, `stands` of what is touched, `totals` of everything by kind, team and
    feature (those that change first). `not_reached` are closed months; `waiting` the days whose
    published figures are not up to date, so that `totals` may change without the change.

    Charges with the same claims are split together: a figure is off by less than 10^-18 for each
    charge in it against what publishing writes; sums are equal before and after, exactly."""

    period: Period
    basis: str
    moves: tuple[Move, ...]
    stands: tuple[Stand, ...]
    totals: tuple[Total, ...]
    series: int
    charges: int
    not_reached: tuple[date, ...]
    waiting: int
    seconds: float

    def moved(self) -> dict[str, Decimal]:
        """How much would move, by currency; credits count by their size."""
        out: dict[str, Decimal] = {}
        for one in self.moves:
            out[one.currency] = out.get(one.currency, Decimal(0)) + abs(one.cost)
        return out


def preview(
    drafts: Sequence[Draft], period: Period, asker: Asker, basis: str = "effective"
) -> Preview:
    """What saving all drafts at once would move on the days of a period. Writes nothing.

    To see a rule switched off, `Draft.of(rule).but(enabled=False)`; for another order,
    `reordered`. Raises `RuleRefused` for a draft that could not be saved; `NotAllowed` to whoever
    sees only some teams, since a rule moves the money of all; `BadSpec`."""
    if asker.teams is not None:
        raise NotAllowed("a rule moves money of all teams; ask somebody who sees all of them")
    if basis not in BASES:
        raise BadSpec(f"unknown basis {basis!r}; choose {', '.join(BASES)}")
    for draft in drafts:
        check_draft(draft)
    began = time.monotonic()
    found = Replayed()
    threads = 1 if connection.in_atomic_block else settings.AICOST_ATTRIBUTION_THREADS
    with vocabulary.steady(), transaction.atomic():
        snapshot = one_snapshot() if threads > 1 else None
        ensure_builtin_rules()
        reached = segments(period, drafted(drafts))
        for segment in reached:
            found.add(replay(segment, basis, threads, snapshot))
        transaction.set_rollback(True)
    order = sorted(found.moves.items(), key=lambda one: (-abs(one[1][0]), one[0]))
    stands = sorted(found.stands.items())
    return Preview(
        period=period,
        basis=basis,
        moves=tuple(Move(*key, *amounts) for key, amounts in order),
        stands=tuple(Stand(*key, *amounts) for key, amounts in stands),
        totals=_totals([segment.period for segment in reached], found, basis),
        series=found.series,
        charges=found.charges,
        not_reached=tuple(closed_months(period.start, period.end)),
        waiting=_waiting(period),
        seconds=time.monotonic() - began,
    )


def reordered(keys: Sequence[str]) -> list[Draft]:
    """The drafts that `edit.reorder` would save. Raises `RuleRefused`."""
    moved = reordering({rule.key: rule for rule in newest()}, keys)
    return [Draft.of(rule).but(position=position) for rule, position in moved]


def _totals(reached: Sequence[Period], found: Replayed, basis: str) -> tuple[Total, ...]:
    before: dict[tuple[str, str, str], Decimal] = {}
    for period in reached:
        with connection.cursor() as cursor:
            binds = {"start": period.start, "end": period.end, "basis": basis}
            cursor.execute(sql(PACKAGE, "preview_standing"), binds)
            for *values, currency, cost in cursor.fetchall():
                _count(before, values, currency, cost)
    delta: dict[tuple[str, str, str], Decimal] = {}
    for (where, currency), (was, now) in found.stands.items():
        _count(delta, (where.kind, where.team, where.feature), currency, now - was)
    zero = Decimal(0)
    totals = [
        Total(*key, before.get(key, zero), before.get(key, zero) + delta.get(key, zero))
        for key in {**before, **delta}
    ]
    return tuple(
        sorted(
            totals,
            key=lambda one: (
                DIMENSIONS.index(one.dimension), -abs(one.after - one.before), one.value,
                one.currency,
            ),
        )
    )  # fmt: skip


def _count(into: dict, values: Sequence[str], currency: str, cost: Decimal) -> None:
    for dimension, value in zip(DIMENSIONS, values, strict=True):
        key = (dimension, value, currency)
        into[key] = into.get(key, Decimal(0)) + cost


def _waiting(period: Period) -> int:
    days = DayState.objects.raw(sql(PACKAGE, "preview_waiting"),
                                {"start": period.start, "end": period.end})  # fmt: skip
    return len(list(days))
