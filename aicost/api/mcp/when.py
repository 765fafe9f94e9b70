"""Periods in words: "last month", "Q3 2026", "July to September 2026", "last 30 days".

Pure. Words are read by the Calendar of who calls; quarters and years that are not named by a number
are those of the fiscal year. What begins in words ends yesterday at the latest, as presets of pages
do; what is named ("September 2026") is whole.
"""

from collections.abc import Callable
from datetime import date, timedelta
import re

from aicost.api.mcp.base import Refused
from aicost.kernel.periods import (
    FIRST_YEAR,
    LAST_YEAR,
    Period,
    month_of,
    month_start,
    plus_months,
    quarter_of,
    quarter_start,
    year_of,
    year_start,
)
from aicost.web.spans import (
    PRESETS,
    Calendar,
    before,
    months_of,
    preset_of,
    year_before,
)

DAYS_MAX = 1100
ONE_DAY = timedelta(days=1)
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
          "october", "november", "december")  # fmt: skip
CURE = (
    "Write for instance: last month, this quarter, last 30 days, September 2026, 2026-09, "
    "Q3 2026, 2026, or 2026-09-01..2026-10-01 (the last day excluded)"
)
_FROM_TO = r"(?:from |between )?(.+?) ?(?:\.\.| to | through | until | and | – ) ?(.+)"
_DAY = r"\d{4}-\d{2}-\d{2}"
_MONTH_NAME = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS)


def read_period(text: str, by: Calendar, where: str = "period") -> Period:
    """The days of the words. Raises Refused with examples."""
    words = " ".join(text.lower().replace(",", " ").replace("_", " ").split())
    try:
        found = _one(words, by) or _range(words, by)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise Refused(where, f"{text[:60]!r} is no period that can be read", CURE)
    if found.start.year < FIRST_YEAR or found.end.year > LAST_YEAR:
        raise Refused(where, f"{text[:60]!r} is not in {FIRST_YEAR} to {LAST_YEAR}", CURE)
    if found.length_days > DAYS_MAX:
        raise Refused(where, f"{found.length_days} days are more than {DAYS_MAX}", "Ask for fewer")
    return found


def read_other(text: str, span: Period, by: Calendar) -> Period:
    """What a period is compared with: "previous", "a year before", or any period."""
    words = " ".join(text.lower().split())
    if words in ("", "previous", "previous period", "the one before", "before"):
        return before(span, months_of(span, preset_of(span, by)))
    if words in ("a year before", "year before", "same period last year", "last year same period",
                 "year ago", "a year ago", "yoy", "year over year"):  # fmt: skip
        return year_before(span)
    return read_period(text, by, "against")


def _one(words: str, by: Calendar) -> Period | None:
    """One unit: a preset, a word, so many of a unit, or a name."""
    name = words.replace(" ", "-")
    if name in PRESETS:
        return PRESETS[name].of(by)
    if words in _WORDS:
        return _WORDS[words](by)
    for pattern, read in _PATTERNS:
        match = re.fullmatch(pattern, words)
        if match:
            return read(match, by)
    return None


def _range(words: str, by: Calendar) -> Period | None:
    """A..B, A/B and A:B exclude B when it is a day; "A to B" includes it, as it is said."""
    match = re.fullmatch(rf"({_DAY}) ?(?:\.\.|/|:) ?({_DAY})", words)
    if match:
        return Period(date.fromisoformat(match[1]), date.fromisoformat(match[2]))
    match = re.fullmatch(_FROM_TO, words)
    if match is None:
        return None
    last = _one(match[2], by)
    first = _one(match[1], by)
    if last is not None and re.fullmatch(_MONTH_NAME, match[1]):  # "July to September 2026"
        first = _one(f"{match[1]} {last.start.year}", by)
    return Period(first.start, last.end) if first is not None and last is not None else None


def _week_start(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _to_date(start: date, by: Calendar) -> Period:
    """Up to yesterday; on the first day of it, that day."""
    return Period(start, max(by.today, start + ONE_DAY))


_WORDS: dict[str, Callable[[Calendar], Period]] = {
    "today": lambda by: Period(by.today, by.today + ONE_DAY),
    "yesterday": lambda by: Period(by.yesterday, by.today),
    "this week": lambda by: _to_date(_week_start(by.today), by),
    "last week": lambda by: Period(
        _week_start(by.today) - timedelta(days=7), _week_start(by.today)
    ),
    "this month": PRESETS["month"].of,
    "month to date": PRESETS["month"].of,
    "mtd": PRESETS["month"].of,
    "this quarter": PRESETS["quarter"].of,
    "quarter to date": PRESETS["quarter"].of,
    "qtd": PRESETS["quarter"].of,
    "last quarter": lambda by: quarter_of(
        quarter_start(by.today, by.fiscal) - ONE_DAY, by.fiscal
    ),
    "this year": PRESETS["year"].of,
    "this fiscal year": PRESETS["year"].of,
    "year to date": PRESETS["year"].of,
    "ytd": PRESETS["year"].of,
    "last year": lambda by: year_of(year_start(by.today, by.fiscal) - ONE_DAY, by.fiscal),
    "last fiscal year": lambda by: year_of(year_start(by.today, by.fiscal) - ONE_DAY, by.fiscal),
}  # fmt: skip
for _same, _word in (("previous", "last"), ("the last", "last"), ("current", "this")):
    _WORDS |= {f"{_same} {w.partition(' ')[2]}": read for w, read in tuple(_WORDS.items())
               if w.startswith(f"{_word} ")}  # fmt: skip
_WORDS |= {f"{same} month": PRESETS["last-month"].of for same in ("previous", "the last")}


def _so_many(match: re.Match, by: Calendar) -> Period:
    """Days and weeks end yesterday; months, quarters and years are whole ones that are over."""
    count, unit = int(match[1]), match[2]
    if unit in ("day", "week"):
        return Period(by.today - timedelta(days=count * (7 if unit == "week" else 1)), by.today)
    if unit == "month":
        return Period(plus_months(month_start(by.today), -count), month_start(by.today))
    start_of, months = (quarter_start, 3) if unit == "quarter" else (year_start, 12)
    end = start_of(by.today, by.fiscal)
    return Period(plus_months(end, -count * months), end)


def _day(match: re.Match, by: Calendar) -> Period:
    day = date.fromisoformat(match[0])
    return Period(day, day + ONE_DAY)


def _month(match: re.Match, by: Calendar) -> Period:
    return month_of(date(int(match[1]), int(match[2]), 1))


def _named_month(match: re.Match, by: Calendar) -> Period:
    """September 2026; September alone is the last one that has begun."""
    number = next(n for n, name in enumerate(MONTHS, 1) if name.startswith(match[1][:3]))
    if match[2]:
        return month_of(date(int(match[2]), number, 1))
    year = by.today.year if number <= by.today.month else by.today.year - 1
    return month_of(date(year, number, 1))


def _quarter(match: re.Match, by: Calendar) -> Period:
    """Of the calendar: its name says which months."""
    number, year = (int(match["q"]), match["a"] or match["b"])
    if year:
        return quarter_of(date(int(year), number * 3, 1))
    start = date(by.today.year, number * 3 - 2, 1)
    return quarter_of(start if start <= by.today else plus_months(start, -12))


def _fiscal(match: re.Match, by: Calendar) -> Period:
    """FY2026 is the fiscal year that ends in 2026, or is 2026."""
    year = int(match[1])
    year = year + 2000 if year < 100 else year
    start = date(year if by.fiscal == 1 else year - 1, by.fiscal, 1)
    return Period(start, plus_months(start, 12))


_PATTERNS: tuple[tuple[str, Callable[[re.Match, Calendar], Period]], ...] = (
    (
        r"(?:the )?(?:last|past|previous|trailing) (\d{1,4}) (day|week|month|quarter|year)s?",
        _so_many,
    ),
    (r"(\d{1,4})() ?d(?:ays)?", lambda m, by: Period(by.today - timedelta(int(m[1])), by.today)),
    (_DAY, _day),
    (r"(\d{4})-(\d{1,2})", _month),
    (rf"({_MONTH_NAME})(?: (\d{{4}}))?", _named_month),
    (r"(?:(?P<a>\d{4})[- ]?)?q(?P<q>[1-4])(?:[- ]?(?P<b>\d{4}))?", _quarter),
    (r"(?:calendar year )?(\d{4})", lambda m, by: year_of(date(int(m[1]), 1, 1))),
    (r"fy ?(\d{4}|\d{2})", _fiscal),
)
