"""The estimated cost of every target hour by hour, up to the last whole hour: what the hourly
detectors read. Moments are UTC, without zone, as numpy has them.

An hour is known once telemetry told anything of it. A target that is seen in nearly all hours is
unknown in the others: telemetry that says nothing is no hour without cost.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from aicost.kernel.periods import Period
from attribution.alerting.levels import LEVELS, ORGANISATION, Scope
from attribution.alerting.series import LEAST, NAMES_MAX, ZERO, Watched, ask, nest
from attribution.reports.estimated_hours import GROUPS
from attribution.reports.spec import SHOWN

HISTORY_DAYS = 35
HOUR = timedelta(hours=1)
CONTINUOUS = Decimal("0.9")  # of the hours since its first: seen in so many, the rest is unknown
WATCHED_LEVELS = tuple(one for one in LEVELS if one.name == ORGANISATION or one.name in GROUPS)
Hours = dict[datetime, Decimal]


@dataclass
class WatchedHours:
    """`cost` has an entry for each known hour of each scope, zeros included, from midnight of the
    first day on; `days` are its sums, with what lies in what."""

    first: datetime
    last: datetime
    days: Watched
    cost: dict[Scope, Hours] = field(default_factory=dict)

    @property
    def hours(self) -> list[datetime]:
        count = int((self.last - self.first) / HOUR) + 1
        return [self.first + n * HOUR for n in range(count)]


def watch_hours(now: datetime) -> WatchedHours | None:
    """None while nothing is estimated."""
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None) - HOUR
    period = Period(last.date() - timedelta(days=HISTORY_DAYS), last.date() + timedelta(days=1))
    found: WatchedHours | None = None
    known: dict[str, set[datetime]] = {}
    for level in WATCHED_LEVELS:
        by_scope = _by_scope(level.name, level.dimension, period, last)
        if level.name == ORGANISATION:
            known = {scope.currency: set(hours) for scope, hours in by_scope.items()}
            if not by_scope:
                return None
            first = min(min(hours) for hours in by_scope.values()).date()
            period = Period(first, period.end)
            found = WatchedHours(datetime.combine(first, time.min), last, Watched(period))
        for scope in sorted(by_scope, key=lambda one: -sum(by_scope[one].values(), ZERO)):
            _add(found, scope, by_scope[scope], known[scope.currency], level.name)
    nest(found.days, SHOWN)
    return found


def _by_scope(level: str, dimension: str, period: Period, last: datetime) -> dict[Scope, Hours]:
    groups = (dimension,) if dimension else ()
    found: dict[Scope, Hours] = defaultdict(dict)
    for row in ask("estimated_hours", period, *groups):
        name, at = row[dimension] if dimension else "", row["at"].astimezone(UTC)
        at = at.replace(tzinfo=None)
        if (name or not dimension) and row["estimated_cost"] is not None and at <= last:
            found[Scope(level, name, row["currency"])][at] = row["estimated_cost"]
    return found


def _add(
    found: WatchedHours, scope: Scope, told: Hours, known: Iterable[datetime], level: str
) -> None:
    """Take in a scope, unless it costs too little or there are too many dearer ones."""
    of_level = sum(one.level == level for one in found.cost)
    if sum(told.values(), ZERO) < LEAST or of_level >= NAMES_MAX:
        return
    begins = min(told)
    since = [hour for hour in known if hour >= begins]
    silent = len(told) >= CONTINUOUS * len(since)
    found.cost[scope] = {
        hour: told.get(hour, ZERO)
        for hour in sorted(known)
        if hour in told or hour < begins or not silent
    }
    days: dict[date, Decimal] = defaultdict(Decimal)
    for hour, cost in found.cost[scope].items():
        days[hour.date()] += cost
    found.days.cost[scope] = dict(days)
