"""Periods in words: what a person says, and the days it means. It is Friday, 27 November 2026."""

from datetime import date

import pytest

from aicost.api.mcp.base import Refused
from aicost.api.mcp.when import read_other, read_period
from aicost.kernel.periods import Period
from aicost.web.spans import PRESETS, Calendar

TODAY = Calendar(date(2026, 11, 27))
FISCAL = Calendar(date(2026, 11, 27), fiscal=2)  # the year begins in February
SAID = {
    "today": "2026-11-27 2026-11-28",
    "Yesterday": "2026-11-26 2026-11-27",
    "this week": "2026-11-23 2026-11-27",
    "last week": "2026-11-16 2026-11-23",
    "this month": "2026-11-01 2026-11-27",
    "month to date": "2026-11-01 2026-11-27",
    "MTD": "2026-11-01 2026-11-27",
    "last month": "2026-10-01 2026-11-01",
    "previous month": "2026-10-01 2026-11-01",
    "this quarter": "2026-10-01 2026-11-27",
    "last quarter": "2026-07-01 2026-10-01",
    "the last quarter": "2026-07-01 2026-10-01",
    "ytd": "2026-01-01 2026-11-27",
    "last year": "2025-01-01 2026-01-01",
    "last 30 days": "2026-10-28 2026-11-27",
    "past 2 weeks": "2026-11-13 2026-11-27",
    "30d": "2026-10-28 2026-11-27",
    "last 3 months": "2026-08-01 2026-11-01",
    "the last 2 quarters": "2026-04-01 2026-10-01",
    "2026-09": "2026-09-01 2026-10-01",
    "2026-9": "2026-09-01 2026-10-01",
    "September 2026": "2026-09-01 2026-10-01",
    "sep 2026": "2026-09-01 2026-10-01",
    "September": "2026-09-01 2026-10-01",
    "December": "2025-12-01 2026-01-01",
    "Q3 2026": "2026-07-01 2026-10-01",
    "2026-Q3": "2026-07-01 2026-10-01",
    "q4": "2026-10-01 2027-01-01",
    "2026": "2026-01-01 2027-01-01",
    "FY26": "2026-01-01 2027-01-01",
    "2026-09-14": "2026-09-14 2026-09-15",
    "2026-09-01..2026-10-01": "2026-09-01 2026-10-01",
    "2026-09-01/2026-10-01": "2026-09-01 2026-10-01",
    "2026-09-01 to 2026-09-30": "2026-09-01 2026-10-01",
    "from 2026-09-01 until yesterday": "2026-09-01 2026-11-27",
    "July to September 2026": "2026-07-01 2026-10-01",
    "2026-07 to 2026-09": "2026-07-01 2026-10-01",
    "Q1 2026 through Q2 2026": "2026-01-01 2026-07-01",
}
FISCALLY = {
    "this quarter": "2026-11-01 2026-11-27",
    "last quarter": "2026-08-01 2026-11-01",
    "year to date": "2026-02-01 2026-11-27",
    "last year": "2025-02-01 2026-02-01",
    "FY2026": "2025-02-01 2026-02-01",
    "Q3 2026": "2026-07-01 2026-10-01",
}
NO_PERIODS = (
    "", " ", "soon", "2026-13", "2026-02-30", "Q5 2026", "1999", "2200", "0000", "9999-12-31",
    "last 0 days", "last 5000 years", "2026-10-01..2026-09-01", "2026-09-01..2026-09-01",
    "1 January 0 to now", "\U0001f4b8", "' or 1=1 --", "2026-09-01" * 15, "2020 to 2026",
    "to", "..", "a to b to c", "september 0000", "last 99999999999999999999 days",
)  # fmt: skip


def days(text: str) -> Period:
    return Period(*map(date.fromisoformat, text.split()))


@pytest.mark.parametrize(("said", "means"), SAID.items())
def test_it_reads_what_people_say(said, means):
    assert read_period(said, TODAY) == days(means)


@pytest.mark.parametrize(("said", "means"), FISCALLY.items())
def test_quarters_and_years_are_those_of_the_company_unless_named(said, means):
    assert read_period(said, FISCAL) == days(means)


def test_it_reads_the_presets_of_the_pages():
    assert {name: read_period(name, TODAY) for name in PRESETS} == {
        name: preset.of(TODAY) for name, preset in PRESETS.items()
    }


@pytest.mark.parametrize("said", NO_PERIODS)
def test_it_refuses_the_rest_with_examples(said):
    with pytest.raises(Refused, match=r"^period: .*(Write for instance|Ask for fewer)"):
        read_period(said, TODAY)


def test_a_period_is_compared_with_the_one_before_a_year_before_or_any():
    march = days("2026-03-01 2026-04-01")
    assert read_other("previous", march, TODAY) == days("2026-02-01 2026-03-01")
    assert read_other("a year before", march, TODAY) == days("2025-03-01 2025-04-01")
    assert read_other("January 2026", march, TODAY) == days("2026-01-01 2026-02-01")
    so_far = read_period("this month", TODAY)
    assert read_other("", so_far, TODAY) == days("2026-10-01 2026-10-27")
    with pytest.raises(Refused, match="^against: "):
        read_other("whenever", march, TODAY)
