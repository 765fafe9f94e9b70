"""What the calendar explains: weekdays, days of the month, holidays."""

from functools import cache

import numpy as np


def weekdays_of(periods: np.ndarray) -> np.ndarray:
    """0 Monday to 6 Sunday."""
    return (periods.astype("datetime64[D]").astype(np.int64) + 3) % 7


def month_siblings(periods: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """For each day the columns of the same day one, two and three months earlier (-1: outside), and
    whether it is one of the first or last three of its month. Those at the end of a month are
    counted from its end: the last day is a sibling of the last day."""
    days = periods.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    number = (days - months.astype("datetime64[D]")).astype(int)
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int)
    left = length - 1 - number
    siblings = []
    for back in (1, 2, 3):
        month = months - back
        size = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)
        place = np.where(left < 3, size - 1 - left, np.minimum(number, size - 1))
        column = (month.astype("datetime64[D]") + place - days[0]).astype(int)
        siblings.append(np.where(column < 0, -1, column))
    return siblings, (number < 3) | (left < 3)


@cache
def holidays_between(country: str, first: str, last: str) -> frozenset[str]:
    """ISO dates on which little work is done in a country: its public holidays, and the days from
    24 December to 1 January. Raises ValueError for a country nobody knows."""
    # only who asks for holidays pays for reading them
    from holidays import country_holidays

    years = range(int(first[:4]), int(last[:4]) + 1)
    try:
        public = country_holidays(country, years=list(years))
    except NotImplementedError as error:
        raise ValueError(
            f"no holidays are known for {country!r}; use a two-letter code such as US or DE"
        ) from error
    between = {f"{year}-12-{day}" for year in years for day in range(24, 32)}
    new_year = {f"{year}-01-01" for year in years}
    return frozenset({day.isoformat() for day in public} | between | new_year)


def holiday_columns(country: str, periods: np.ndarray) -> np.ndarray:
    """Which periods are holidays in a country ("" for none)."""
    if not country:
        return np.zeros(periods.size, bool)
    days = np.datetime_as_string(periods, unit="D")
    quiet = holidays_between(country, days[0], days[-1])
    return np.array([day in quiet for day in days], bool)
