"""The filter bar: the address is the whole state, and steps are whole units of the calendar."""

from dataclasses import replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.http import QueryDict
from hypothesis import example, given
from hypothesis import strategies as st
import pytest

from aicost.kernel.periods import Period
from aicost.web.filters import CHARTS, DIMENSIONS, GROUPS_OFFERED, STEPS, View, parse
from aicost.web.spans import (
    CUSTOM,
    ONE_DAY,
    PRESETS,
    Calendar,
    before,
    months_of,
    quarter_start,
    shifted,
    stepped,
    year_before,
    year_start,
)

DAYS = st.dates(date(2016, 1, 1), date(2032, 12, 31))
CALENDARS = st.builds(
    Calendar, DAYS, st.integers(min_value=1, max_value=12), st.sampled_from(list(PRESETS))
)
MID_JANUARY = Calendar(date(2016, 1, 15))
SPANS = st.builds(
    lambda first, days: Period(first, first + timedelta(days=days)),
    DAYS,
    st.integers(min_value=1, max_value=1100),
)
NAMES = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=9)
FILTERS = st.dictionaries(
    st.sampled_from([*DIMENSIONS, "resource", "tag:team", "tag:Ä &=?"]),
    st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple),
    max_size=3,
)


@st.composite
def views(draw) -> View:
    by = draw(CALENDARS)
    preset = draw(st.sampled_from([*PRESETS, CUSTOM]))
    compare = draw(st.sampled_from(["previous", "year", CUSTOM, "none"]))
    groups = st.lists(st.sampled_from(GROUPS_OFFERED), min_size=1, max_size=2, unique=True)
    return View(
        period=draw(SPANS) if preset == CUSTOM else PRESETS[preset].of(by),
        preset=preset,
        compare=compare,
        base=draw(SPANS) if compare == CUSTOM else None,
        group_by=tuple(draw(groups)),
        filters=draw(FILTERS),
        step=draw(st.sampled_from(["", *STEPS])),
        basis=draw(st.sampled_from(["effective", "billed"])),
        idle=draw(st.sampled_from(["shown", "spread"])),
        shared=draw(st.sampled_from(["shown", "spread"])),
        in_currency=draw(st.sampled_from(["", "EUR", "USD"])),
        chart=draw(st.sampled_from(CHARTS)),
        sort=draw(st.sampled_from(["cost", "change", "name"])),
        long=draw(st.booleans()),
        calendar=by,
    )


@given(views())
def test_an_address_read_is_the_view_that_wrote_it(view):
    """Also frozen, where it is compared with the same days as before."""
    assert parse(QueryDict(view.query()), view.calendar) == view
    frozen = parse(QueryDict(view.frozen_dates().query()), view.calendar)
    assert (frozen.period, frozen.other) == (view.period, view.other)
    later = replace(view.calendar, today=view.calendar.today + timedelta(days=400))
    sent = parse(QueryDict(view.frozen_dates().query()), later)
    assert (sent.period, sent.other) == (view.period, view.other)


@given(views())
@example(View(PRESETS["7d"].of(MID_JANUARY), "7d", calendar=MID_JANUARY))
def test_a_step_later_takes_a_step_earlier_back(view):
    """Each step meets the next, and what a preset shows now has nothing later."""
    earlier = view.stepped(-1)
    if earlier is None:
        assert view.preset == CUSTOM and view.period.start >= view.calendar.today
        return
    assert earlier.period.end == view.period.start
    if view.preset != CUSTOM and view.preset != "last-month":
        assert earlier.stepped(1).period == view.period
        assert view.stepped(1) is None


@given(SPANS, st.integers(min_value=-40, max_value=40))
def test_months_move_as_dateutil_moves_them(span, months):
    """dateutil's relativedelta is somebody else's calendar, the last day of February included."""
    moved = shifted(span, months)
    assert moved.start == span.start + relativedelta(months=months)
    if span.end.day == 1:
        assert moved.end == span.end + relativedelta(months=months)
    else:
        assert moved.end - ONE_DAY == span.end - ONE_DAY + relativedelta(months=months)


@given(DAYS, st.integers(min_value=1, max_value=12))
def test_fiscal_quarters_and_years_are_found_by_walking(day, fiscal):
    """The year holds the day and begins in its month; quarters are its four parts."""
    year = year_start(day, fiscal)
    assert (year.month, year.day) == (fiscal, 1)
    assert year <= day < year + relativedelta(years=1)
    begins = [year + relativedelta(months=n) for n in (0, 3, 6, 9)]
    assert quarter_start(day, fiscal) == max(d for d in begins if d <= day)


def _span(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last) + ONE_DAY)


# today, fiscal month, preset -> its days, those before, those a year before
NAMED = (
    ("2026-11-22", 1, "month", "2026-11-01 2026-11-21", "2026-10-01 2026-10-21",
     "2025-11-01 2025-11-21"),
    ("2026-11-01", 1, "month", "2026-10-01 2026-10-31", "2026-09-01 2026-09-30",
     "2025-10-01 2025-10-31"),
    ("2024-03-01", 1, "month", "2024-02-01 2024-02-29", "2024-01-01 2024-01-31",
     "2023-02-01 2023-02-28"),
    ("2025-03-31", 1, "month", "2025-03-01 2025-03-30", "2025-02-01 2025-02-28",
     "2024-03-01 2024-03-30"),
    ("2026-11-22", 1, "quarter", "2026-10-01 2026-11-21", "2026-07-01 2026-08-21",
     "2025-10-01 2025-11-21"),
    ("2026-11-22", 2, "quarter", "2026-11-01 2026-11-21", "2026-08-01 2026-08-21",
     "2025-11-01 2025-11-21"),
    ("2026-11-22", 4, "year", "2026-04-01 2026-11-21", "2025-04-01 2025-11-21",
     "2025-04-01 2025-11-21"),
    ("2024-03-01", 2, "year", "2024-02-01 2024-02-29", "2023-02-01 2023-02-28",
     "2023-02-01 2023-02-28"),
    ("2026-11-22", 1, "6m", "2026-06-01 2026-11-21", "2025-12-01 2026-05-21",
     "2025-06-01 2025-11-21"),
    ("2026-11-22", 1, "28d", "2026-10-25 2026-11-21", "2026-09-27 2026-10-24",
     "2025-10-26 2025-11-22"),
    ("2026-11-22", 1, "90d", "2026-08-24 2026-11-21", "2026-05-26 2026-08-23",
     "2025-08-24 2025-11-21"),
)  # fmt: skip


@pytest.mark.parametrize(("today", "fiscal", "preset", "days", "previous", "year"), NAMED)
def test_periods_by_name(today, fiscal, preset, days, previous, year):
    """By hand: 28 days a year before begin on the same weekday, 90 on the same date."""
    by = Calendar(date.fromisoformat(today), fiscal)
    span = PRESETS[preset].of(by)
    assert span == _span(*days.split())
    assert before(span, months_of(span, preset)) == _span(*previous.split())
    assert year_before(span) == _span(*year.split())


def test_steps_are_whole_units_up_to_yesterday():
    """Today is 22 November 2026. A fiscal year from February on: its quarters are Feb, May, Aug
    and Nov; the quarter before this one is August to October."""
    today = date(2026, 11, 22)
    month, quarter = _span("2026-11-01", "2026-11-21"), _span("2026-08-01", "2026-10-31")
    assert stepped(month, 1, -1, today) == _span("2026-10-01", "2026-10-31")
    assert stepped(month, 3, -1, today) == quarter
    assert stepped(quarter, 3, 1, today) == month
    assert stepped(month, 1, 1, today) is None
    week = _span("2026-11-15", "2026-11-21")
    assert stepped(week, 0, -1, today) == _span("2026-11-08", "2026-11-14")
    assert stepped(week, 0, 1, today) is None
    assert stepped(_span("2000-01-01", "2000-01-31"), 1, -1, today) is None
