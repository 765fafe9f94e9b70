"""Half-open UTC periods. A day of money is a UTC date; a billing period is named YYYY-MM."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# The years in which anybody's money stands.
FIRST_YEAR, LAST_YEAR = 2000, 2199


@dataclass(frozen=True, order=True)
class Period:
    """Whole UTC days, `start` included, `end` excluded."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"the period {self.start} to {self.end} is empty or reversed")

    @property
    def length_days(self) -> int:
        return (self.end - self.start).days

    def days(self) -> Iterator[date]:
        return (self.start + timedelta(days=n) for n in range(self.length_days))

    def before(self) -> "Period":
        """The equally long period that ends where this one starts. Raises ValueError for one that
        would begin before the calendar."""
        if self.start.toordinal() <= self.length_days:
            raise ValueError(f"there is no period as long before {self.start}")
        return Period(self.start - timedelta(days=self.length_days), self.start)


def utc_text(moment: datetime, timespec: str = "auto") -> str:
    """ISO 8601 in UTC, with Z at its end: how every surface writes a moment."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def month_start(day: date) -> date:
    return date(day.year, day.month, 1)


def next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def previous_month(day: date) -> date:
    return month_start(month_start(day) - timedelta(days=1))


def month_of(day: date) -> Period:
    return Period(month_start(day), next_month(day))


def plus_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def quarter_start(day: date, fiscal: int = 1) -> date:
    """Of the quarter a day is in, of a year that begins with the month `fiscal`, 1 to 12."""
    return plus_months(month_start(day), -((day.month - fiscal) % 12 % 3))


def year_start(day: date, fiscal: int = 1) -> date:
    return plus_months(month_start(day), -((day.month - fiscal) % 12))


def quarter_of(day: date, fiscal: int = 1) -> Period:
    start = quarter_start(day, fiscal)
    return Period(start, plus_months(start, 3))


def year_of(day: date, fiscal: int = 1) -> Period:
    start = year_start(day, fiscal)
    return Period(start, plus_months(start, 12))


def months_between(first: date, last: date) -> Iterator[date]:
    """First days of every month from that of `first` to that of `last`, both included."""
    month = month_start(first)
    while month <= last:
        yield month
        month = next_month(month)


def midnight(day: date) -> datetime:
    """The first instant of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def as_utc(moment: datetime) -> datetime:
    """A time without a zone is UTC, never the machine's own."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def utc_today() -> date:
    return utc_now().date()
