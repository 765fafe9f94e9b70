"""When a digest falls due, and of which days it is. Hours are of the recipient's own day; days of
money are UTC, as everywhere. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aicost.kernel.periods import Period, month_of, month_start, next_month, previous_month

WEEKLY, MONTHLY = "weekly", "monthly"
WEEK = timedelta(days=7)
SECOND = timedelta(days=1)  # of a month, from its first
# How long a digest waits for data that is late; then it is sent, and says what is missing.
PATIENCE = timedelta(hours=6)


@dataclass(frozen=True)
class Due:
    """`at` in UTC, and the days the digest is of."""

    at: datetime
    period: Period


def latest(cadence: str, hour: int, zone: ZoneInfo, now: datetime) -> Due:
    """The last one that fell due: weekly on Monday, of the week before; monthly on the second, of
    the month before."""
    first = _first(cadence, now.astimezone(zone).date())
    found = _due(cadence, hour, zone, first)
    return found if found.at <= now else _due(cadence, hour, zone, _before(cadence, first))


def following(cadence: str, hour: int, zone: ZoneInfo, now: datetime) -> Due:
    """The next one."""
    last = latest(cadence, hour, zone, now)
    return _due(cadence, hour, zone, last.period.end + _length(cadence, last.period.end))


def _first(cadence: str, today: date) -> date:
    """The first day of the running week or month."""
    return today - timedelta(days=today.weekday()) if cadence == WEEKLY else month_start(today)


def _before(cadence: str, first: date) -> date:
    return first - WEEK if cadence == WEEKLY else previous_month(first)


def _length(cadence: str, first: date) -> timedelta:
    return WEEK if cadence == WEEKLY else next_month(first) - first


def _due(cadence: str, hour: int, zone: ZoneInfo, first: date) -> Due:
    if cadence == WEEKLY:
        day, period = first, Period(first - WEEK, first)
    else:
        day, period = first + SECOND, month_of(previous_month(first))
    at = datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
    return Due(at, period)
