"""The engine's own queries over the charges that a change of rules touches, before and after it.

Charges behave linearly, so those with the same claims are merged first. What a day decides before
the change and not after it is read as it was published, where nothing is new since. Otherwise the
queries of publishing run unchanged: for the time of a transaction that is rolled back, temporary
tables stand in for the charges, claims, rules, targets and allocated charges they name. Nothing
real is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
import json
from typing import NamedTuple

from django.db import connection, transaction

from aicost.kernel.sqlfiles import sql
from attribution.allocate import Leak, day_tables, split, weigh
from attribution.models import AllocationRule
from attribution.rules import RULES
from attribution.ruling.compiled import Claim
from attribution.ruling.effect import PACKAGE, Changed, Segment, changed, claimed_series
from attribution.ruling.replay.apart import meanwhile, spread

# Methods that look at nothing but the claim: where the money goes is the same on every day.
STILL = ("direct", "shared", "unattributed")
# Methods that look at where other charges of the same thing stand.
FOLLOWING = tuple(method.method_id for method in RULES if method.after_others)
BEFORE, AFTER = 1, 2
SPREAD_FROM_DAYS = 6  # below, a connection takes longer than it helps
_PREPARED = ("known_claims", "resources", "bound", "beside", "groups",
             "analyze_groups", "single", "standing_days", "published", "charges",
             "series_claims", "targets", "allocated", "found", "found_published")  # fmt: skip


class Where(NamedTuple):
    """Where money can stand, as its target says; '' is an empty dimension."""

    kind: str
    state: str
    activity: str
    workload: str
    model: str
    feature: str
    experiment: str
    team: str
    environment: str


@dataclass
class Replayed:
    """Moves by (from, to, currency): [cost, charges, series]; stands by (target, currency):
    [cost before, cost after]."""

    moves: dict[tuple[Where, Where, str], list] = field(default_factory=dict)
    stands: dict[tuple[Where, str], list[Decimal]] = field(default_factory=dict)
    series: int = 0
    charges: int = 0

    def add(self, other: "Replayed") -> None:
        for mine, others in ((self.moves, other.moves), (self.stands, other.stands)):
            for key, amounts in others.items():
                have = mine.get(key, [0] * len(amounts))
                mine[key] = [a + b for a, b in zip(have, amounts, strict=True)]
        self.series += other.series
        self.charges += other.charges


def replay(segment: Segment, basis: str, threads: int = 1, snapshot: str | None = None) -> Replayed:
    """What the change moves on the days of a segment. Writes nothing. Raises `Leak` if a cent is
    lost, `BadRule`.

    With `threads` days are weighed side by side, with the `snapshot` of the transaction series are
    decided beside it. The other connections see only what is committed; inside a caller's own
    transaction it must be 1 and None."""
    with transaction.atomic():
        found = _replayed(segment, basis, threads, snapshot)
        transaction.set_rollback(True)
    return found


def _replayed(segment: Segment, basis: str, threads: int, snapshot: str | None) -> Replayed:
    binds = {
        "start": segment.period.start,
        "end": segment.period.end,
        "basis": basis,
        "rule_set": segment.rule_set.id,
        "still": [*STILL, *FOLLOWING],
        "following": list(FOLLOWING),
    }
    with connection.cursor() as cursor:
        cursor.execute("set local work_mem = '128MB'")
    told = meanwhile(
        snapshot,
        lambda: changed(segment, claimed_series(segment)),
        lambda: [_run(f"preview_{name}", binds) for name in ("series", "known")],
    )
    if not told.after:
        return Replayed()
    _tell(segment, told)
    for name in _PREPARED:
        _run(f"preview_{name}", binds)
    _run("preview_analyze", {})
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, "preview_days"))
        days = cursor.fetchall()
    if threads > 1 and len(days) >= SPREAD_FROM_DAYS:
        spread(days, threads, _pass)
    else:
        _pass(days)
    for name in ("found_targets", "found_allocated"):
        _run(f"preview_{name}", {})
    return _read(binds)


def _pass(days: Sequence[tuple]) -> None:
    """Weigh and split the days (side, source, day), each for itself as publishing does."""
    for side in (BEFORE, AFTER):
        if side == AFTER:
            _run("preview_turn", {})
        for of, source, day in days:
            if of == side:
                with day_tables():
                    weigh({"source": source, "day": day, "rule_set": side})
                    split({"source": side, "day": day}, PACKAGE)


def _tell(segment: Segment, told: Changed) -> None:
    """Put the rules and the claims decided anew where the queries look for them."""
    known = [rule.pk for rule in (*segment.before, *segment.after) if rule.pk > 0]
    _run("preview_rules", {"rules": known})
    AllocationRule.objects.bulk_create([rule for rule in segment.after if rule.pk < 0])
    rules = {rule.pk: rule for rule in (*segment.before, *segment.after)}
    for name in ("preview_claims", "preview_told"):
        _run(name, {})
    numbers: dict[Claim, int] = {}
    rows = [
        (series, side, numbers.setdefault(claim, len(numbers) + 1))
        for side, claims in ((BEFORE, told.before), (AFTER, told.after))
        for series, claim in claims.items()
        if side == AFTER or series in told.after
    ]
    _copy("copy_preview_told", rows)
    claims = []
    for claim, no in numbers.items():
        flags = _by_day(claim, rules), rules[claim.rule_id].method in FOLLOWING
        claims.append((no, *flags, *claim._replace(own=json.dumps(dict(claim.own)))))
    _copy("copy_preview_claims", claims)


def _by_day(claim: Claim, rules: Mapping[int, AllocationRule]) -> bool:
    """Whether what happened on the day decides where the money of a claim stands; telemetry of a
    known resource and what a charge follows aside."""
    rule = rules[claim.rule_id]
    called = rule.then != "nothing" and claim.model and claim.activity == "inference"
    return bool(rule.method not in (*STILL, *FOLLOWING) or called)


def _read(binds: dict) -> Replayed:
    _run("preview_parts", binds)
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, "preview_leaks"))
        if leak := cursor.fetchone():
            raise Leak(f"a preview lost part of merged charge {leak[0]}; nothing was changed")
        cursor.execute(sql(PACKAGE, "preview_stands"))
        names: dict[int, Where] = {}
        stands = {}
        for pk, *where, currency, before, after in cursor.fetchall():
            names[pk] = Where(*where)
            stands[names[pk], currency] = [before, after]
        cursor.execute(sql(PACKAGE, "preview_moves"))
        moves = {
            (names[start], names[end], currency): amounts
            for start, end, currency, *amounts in cursor.fetchall()
        }
        cursor.execute(sql(PACKAGE, "preview_affected"))
        series, charges = cursor.fetchone()
    return Replayed(moves, stands, series, charges)


def _copy(name: str, rows: Sequence[tuple]) -> None:
    with connection.cursor() as cursor, cursor.copy(sql(PACKAGE, name)) as copy:
        for row in rows:
            copy.write_row(row)


def _run(name: str, binds: dict) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, name), binds)
