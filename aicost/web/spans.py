"""Periods that people ask for by name, and what stands before, after and a year before each.

A period is of months when it begins on the first of one; the others are a number of days. Days
are UTC, as all days of money.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from aicost.kernel.periods import (
    FIRST_YEAR,
    Period,
    month_of,
    month_start,
    plus_months,
    previous_month,
    quarter_start,
    year_start,
)

MONTH, QUARTER, HALF, YEAR = 1, 3, 6, 12
DEFAULT_PRESET, CUSTOM = "month", "custom"
ONE_DAY, WEEK_DAYS = timedelta(days=1), 7
YEAR_OF_WEEKS = timedelta(days=52 * WEEK_DAYS)


@dataclass(frozen=True)
class Calendar:
    """What an address that names no dates is read by: today, the first month (1 to 12) of the
    fiscal year, and the period of an address that names none."""

    today: date
    fiscal: int = 1
    preset: str = DEFAULT_PRESET

    @property
    def yesterday(self) -> date:
        return self.today - ONE_DAY


def shifted(span: Period, months: int) -> Period:
    """The same dates of other months. What ends with a month ends with one."""
    start = plus_months(span.start, months)
    if span.end.day == 1:
        return Period(start, plus_months(span.end, months))
    return Period(start, plus_months(span.end - ONE_DAY, months) + ONE_DAY)


def _days(count: int) -> Callable[[Calendar], Period]:
    return lambda by: Period(by.today - timedelta(days=count), by.today)


def _to_date(start_of: Callable[[Calendar], date]) -> Callable[[Calendar], Period]:
    """Up to yesterday; on the first day of a month, quarter or year, all of the one before."""
    return lambda by: Period(start_of(by), by.today)


@dataclass(frozen=True)
class Preset:
    """`months` is what a step to the period before or after moves by; 0: its own days."""

    text: str
    of: Callable[[Calendar], Period]
    months: int = 0


PRESETS = {
    "month": Preset("Month to date", _to_date(lambda by: month_start(by.yesterday)), MONTH),
    "last-month": Preset("Last month", lambda by: month_of(previous_month(by.today)), MONTH),
    "quarter": Preset(
        "Quarter to date", _to_date(lambda by: quarter_start(by.yesterday, by.fiscal)), QUARTER
    ),
    "year": Preset(
        "Fiscal year to date", _to_date(lambda by: year_start(by.yesterday, by.fiscal)), YEAR
    ),
    "6m": Preset(
        "Six months",
        _to_date(lambda by: plus_months(month_start(by.yesterday), MONTH - HALF)),
        HALF,
    ),
    "7d": Preset("Last 7 days", _days(7)),
    "28d": Preset("Last 28 days", _days(28)),
    "90d": Preset("Last 90 days", _days(90)),
}


def preset_text(name: str, by: Calendar) -> str:
    return "Year to date" if name == "year" and by.fiscal == 1 else PRESETS[name].text


def preset_of(span: Period, by: Calendar) -> str:
    """The name of the preset that is these days today, else custom."""
    return next((name for name, one in PRESETS.items() if one.of(by) == span), CUSTOM)


def months_of(span: Period, preset: str) -> int:
    """How many months make the unit this period is, or is the beginning of; 0: it is days."""
    if preset in PRESETS:
        return PRESETS[preset].months
    if span.start.day != 1:
        return 0
    if span.end.day == 1:
        return (span.end.year - span.start.year) * 12 + span.end.month - span.start.month
    return MONTH if month_start(span.end) == span.start else 0


def before(span: Period, months: int) -> Period:
    """What a period is compared with: months with the same dates of the unit before, days with as
    many before them."""
    return shifted(span, -months) if months else span.before()


def year_before(span: Period) -> Period:
    """The same dates a year earlier; whole weeks that begin in a month, 52 weeks earlier, so that
    weekdays meet."""
    if span.start.day == 1 or span.length_days % WEEK_DAYS:
        return shifted(span, -YEAR)
    return Period(span.start - YEAR_OF_WEEKS, span.end - YEAR_OF_WEEKS)


def stepped(span: Period, months: int, sign: int, today: date) -> Period | None:
    """One whole unit earlier (-1) or later (+1), up to yesterday; None when it is still to come,
    or before all bills. A beginning of a unit that does not end today moves by its own days: it
    may be the seven days before the last seven."""
    whole = Period(span.start, plus_months(span.start, months or MONTH))
    months = months if span.end in (whole.end, today) else 0
    if months:
        moved = shifted(whole, sign * months)
    else:
        length = timedelta(days=sign * span.length_days)
        moved = Period(span.start + length, span.end + length)
    if moved.start >= today or moved.start.year < FIRST_YEAR:
        return None
    return Period(moved.start, min(moved.end, today)) if months else moved
