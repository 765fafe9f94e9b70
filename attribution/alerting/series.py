"""The cost of every target at every level, day by day: what the detectors of series read.

Usage at its effective cost, as report `cost` has it: without tax, credits, refunds, purchases and
what only serves commitments. A day is known to a series once every source that matters to it has
delivered it; a known day without a charge cost nothing, one not delivered is unknown.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, permutations

from aicost.kernel.periods import Period
from attribution.alerting.levels import LEVELS, NESTED, ORGANISATION, Level, Scope
from attribution.detectors.incidents import DIMENSIONS
from attribution.reports import run
from attribution.reports.alerts import JUDGED as FILTERS
from attribution.reports.customers import ranked
from attribution.reports.expected import ESTIMATED
from attribution.reports.spec import LEFT_OUT, Asker, Spec

EVERYTHING = Asker("admin")
HISTORY_DAYS = 400
RECENT_DAYS = 60
# A series that cost less in all its history can pass no gate.
LEAST = Decimal(20)
CUSTOMERS_MAX, NAMES_MAX = 200, 500
MOST = Decimal("0.67")
MATTERS = Decimal("0.02")
# A source silent for so long is gone, not late.
GONE_DAYS = 35
ZERO = Decimal(0)
Days = dict[date, Decimal]


@dataclass
class Watched:
    """`cost` has an entry for each known day of each scope, zeros included. `usage`: quantity and
    marginal cost of the scopes whose calls are known. `team`: the only one that pays, or ''.
    `within[(a, b)]`: the part of b's cost that lies in a. `late`: sources whose bills are due."""

    period: Period
    cost: dict[Scope, Days] = field(default_factory=dict)
    unit: dict[Scope, tuple[str, Days, Days]] = field(default_factory=dict)
    team: dict[Scope, str] = field(default_factory=dict)
    within: dict[tuple[Scope, Scope], Decimal] = field(default_factory=dict)
    late: dict[str, date] = field(default_factory=dict)

    @property
    def through(self) -> date:
        return self.period.end - timedelta(days=1)

    def last_known(self, scope: Scope) -> date | None:
        return max(self.cost.get(scope, ()), default=None)

    def part(self, outer: Scope, inner: Scope) -> Decimal:
        """Which part of the cost of `inner` lies in `outer`: all of it in the organisation."""
        if outer.currency != inner.currency:
            return ZERO
        if outer.level == ORGANISATION:
            return Decimal(1)
        return self.within.get((outer, inner), ZERO)

    def lies_in(self) -> dict[Scope, dict[str, str]]:
        """Of every scope the team, model, service and feature that most of its cost stands on."""
        found: dict[Scope, dict[str, str]] = {scope: {} for scope in self.cost}
        for scope in found:
            if scope.level in DIMENSIONS:
                found[scope][scope.level] = scope.name
        for (outer, inner), part in self.within.items():
            if outer.level in DIMENSIONS and part >= MOST:
                found[inner].setdefault(outer.level, outer.name)
        return found

    def total(self, scope: Scope, days: int = 30) -> Decimal:
        """What the last days cost together."""
        since = self.through - timedelta(days=days - 1)
        return sum((c for day, c in self.cost.get(scope, {}).items() if day >= since), ZERO)


def watch(through: date) -> Watched:
    """All series up to the last day, included."""
    period = Period(through - timedelta(days=HISTORY_DAYS - 1), through + timedelta(days=1))
    reaches = _reaches(period)
    first = None
    for level in LEVELS:
        rows = _rows(level, period)
        if level.name == ORGANISATION:
            # before its first day nothing is known, which is not zero
            first = min((row["period"] for row in rows), default=period.start)
            period = Period(first, period.end)
            found = Watched(period)
        _add(found, level, rows, reaches, first)
    found.late = {
        source: reach for source, reach in reaches.items()
        if through - timedelta(days=GONE_DAYS) < reach < through - timedelta(days=1)
    }  # fmt: skip
    nest(found)
    _use(found)
    return found


def ask(report: str, period: Period, *group_by: str, granularity: str = "total", **more) -> list:
    """The rows of a report, asked for all teams."""
    more.setdefault("estimates", LEFT_OUT)
    return list(run(Spec(report, period, EVERYTHING, granularity, group_by, **more)).rows)


def _rows(level: Level, period: Period) -> Iterable[dict]:
    """{period, name, source, currency, cost} of a level."""
    if level.name == "customer":
        return _customers(period)
    groups = (level.dimension, "source") if level.dimension else ("source",)
    found = ask("cost", period, *groups, granularity="day", filters=FILTERS)
    return [
        row | {"name": row[level.dimension] if level.dimension else ""}
        for row in found
        if not level.dimension or row[level.dimension]
    ]


def _customers(period: Period) -> list[dict]:
    recent = Period(max(period.start, period.end - timedelta(days=RECENT_DAYS)), period.end)
    dearest, _ = ranked(Spec("customers", recent, EVERYTHING), rows_max=CUSTOMERS_MAX)
    names = tuple(row["customer"] for row in dearest if row["customer"])
    if not names:
        return []
    found = ask("customers", period, granularity="day", filters={"customer": names})
    return [
        row | {"name": row["customer"], "source": ""}
        for row in found
        if row["customer"] and row["currency"]
    ]


def _reaches(period: Period) -> dict[str, date]:
    """The last day each bill has delivered."""
    return {
        row["source"]: row["through"]
        for row in ask("freshness", period)
        if row["kind"] == "bill" and row["through"] is not None
    }


def _add(found: Watched, level: Level, rows, reaches: Mapping[str, date], first: date) -> None:
    by_scope: dict[Scope, Days] = defaultdict(lambda: defaultdict(Decimal))
    by_source: dict[Scope, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    recent = found.through - timedelta(days=RECENT_DAYS)
    for row in rows:
        scope = Scope(level.name, row["name"], row["currency"])
        by_scope[scope][row["period"]] += row["cost"] or ZERO
        if row["period"] > recent:
            by_source[scope][row["source"]] += abs(row["cost"] or ZERO)
    sizes = {
        scope: sum((max(cost, ZERO) for cost in days.values()), ZERO)
        for scope, days in by_scope.items()
    }
    dearest = sorted(sizes, key=lambda scope: -sizes[scope])[:NAMES_MAX]
    for scope in dearest:
        days = by_scope[scope]
        if sizes[scope] < LEAST:
            continue
        until = _known_until(by_source[scope], reaches, found.through)
        known = Period(first, until + timedelta(days=1)) if until >= first else None
        if known is not None:
            found.cost[scope] = {day: days.get(day, ZERO) for day in known.days()}


def _known_until(sources: Mapping[str, Decimal], reaches: Mapping[str, date], through: date):
    """The last day that every source has delivered which makes up a part worth waiting for."""
    total = sum(sources.values(), ZERO)
    matter = [
        reaches[name]
        for name, cost in sources.items()
        if name in reaches and cost >= total * MATTERS
        and reaches[name] > through - timedelta(days=GONE_DAYS)
    ]  # fmt: skip
    if not matter and "" in sources:  # customers: their day is split when all of it is in
        matter = [reach for reach in reaches.values() if reach > through - timedelta(GONE_DAYS)]
    return min([through, *matter])


def nest(found: Watched, estimates: str = LEFT_OUT) -> None:
    """Which part of each name's cost lies in which other name, and the team that pays it all; with
    what is still expected where estimates are shown."""
    shared: dict[tuple[Scope, Scope], Decimal] = defaultdict(Decimal)
    whole: dict[Scope, Decimal] = defaultdict(Decimal)
    teams: dict[Scope, set[str]] = defaultdict(set)
    asked: set[frozenset[str]] = set()
    for groups in NESTED:
        # what an earlier question told is not added twice
        pairs = {frozenset(pair) for pair in combinations(groups, 2)} - asked
        asked |= pairs
        levels = {level for level in groups if level not in {s.level for s in whole}}
        filters = FILTERS if estimates == LEFT_OUT else {}
        for row in ask("cost", found.period, *groups, filters=filters, estimates=estimates):
            cost = row["cost"] + (row.get(ESTIMATED) or ZERO)
            named = [Scope(name, row[name], row["currency"]) for name in groups if row[name]]
            for one in named:
                if one.level in levels:
                    whole[one] += cost
                    teams[one].add(row.get("team", ""))
            for one, other in permutations(named, 2):
                if frozenset((one.level, other.level)) in pairs:
                    shared[one, other] += cost
    for (outer, inner), cost in shared.items():
        if whole[inner] > 0 and outer in found.cost and inner in found.cost:
            found.within[outer, inner] = cost / whole[inner]
    for scope in found.cost:
        paid = teams.get(scope, {""})
        found.team[scope] = next(iter(paid)) if len(paid) == 1 else ""


def _use(found: Watched) -> None:
    """Quantities and what they cost without idle, of features and models whose calls are known."""
    for level in LEVELS:
        if not level.quantities:
            continue
        by_scope: dict[Scope, list[dict]] = defaultdict(list)
        for row in ask("unit_cost", found.period, level.name, granularity="day"):
            if row[level.name] and row["currency"]:
                by_scope[Scope(level.name, row[level.name], row["currency"])].append(row)
        for scope, rows in by_scope.items():
            for quantity in level.quantities:
                used = {r["period"]: Decimal(r[quantity]) for r in rows if r[quantity]}
                if used and scope in found.cost:
                    paid = {row["period"]: row["marginal_cost"] or ZERO for row in rows}
                    found.unit[scope] = (quantity, used, paid)
                    break
