"""Calendar months that end with the month a view ends in."""

from datetime import date, timedelta

from aicost.kernel.periods import Period, month_start, months_between, next_month, previous_month
from aicost.web.ask import Ask

HALF, YEAR = 6, 12


def months_to(ask: Ask, count: int) -> Period:
    """`count` calendar months; the last of them to the end of the view, or of a day at least."""
    last = month_start(ask.period.end - timedelta(days=1))
    first = last
    for _ in range(count - 1):
        first = previous_month(first)
    return Period(first, min(next_month(last), max(ask.period.end, last + timedelta(days=1))))


def year_of_months(ask: Ask) -> Period:
    return months_to(ask, YEAR)


def six_months(ask: Ask) -> Period:
    return months_to(ask, HALF)


def first_days(span: Period) -> list[date]:
    """The first day of every month that the span touches."""
    return list(months_between(span.start, span.end - timedelta(days=1)))
