"""When a digest falls due: Monday, the second of the month, at the recipient's own hour."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from aicost.notify.due import MONTHLY, WEEKLY, following, latest

BERLIN, HONOLULU, AUCKLAND = (
    ZoneInfo(name) for name in ("Europe/Berlin", "Pacific/Honolulu", "Pacific/Auckland")
)


def utc(*told: int) -> datetime:
    return datetime(*told, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "at", "first"),
    [
        (BERLIN, utc(2026, 11, 23, 7), utc(2026, 11, 23, 7), date(2026, 11, 16)),
        (BERLIN, utc(2026, 11, 23, 6, 59), utc(2026, 11, 16, 7), date(2026, 11, 9)),
        (HONOLULU, utc(2026, 11, 23, 18), utc(2026, 11, 23, 18), date(2026, 11, 16)),
        (AUCKLAND, utc(2026, 11, 22, 19), utc(2026, 11, 22, 19), date(2026, 11, 16)),
        # Summer time ends on Sunday 25 October and begins on Sunday 28 March in Berlin.
        (BERLIN, utc(2026, 10, 26, 7), utc(2026, 10, 26, 7), date(2026, 10, 19)),
        (BERLIN, utc(2026, 10, 26, 6, 59), utc(2026, 10, 19, 6), date(2026, 10, 12)),
        (BERLIN, utc(2027, 3, 29, 6), utc(2027, 3, 29, 6), date(2027, 3, 22)),
    ],
)
def test_weekly_is_due_on_monday_of_ones_own_zone_of_the_week_before(zone, now, at, first):
    due = latest(WEEKLY, 8, zone, now)
    assert (due.at, due.period.start, due.period.length_days) == (at, first, 7)


def test_monthly_is_due_on_the_second_of_the_month_before():
    due = latest(MONTHLY, 8, BERLIN, utc(2026, 3, 2, 7))
    assert due.at == utc(2026, 3, 2, 7)
    assert (due.period.start, due.period.end) == (date(2026, 2, 1), date(2026, 3, 1))
    before = latest(MONTHLY, 8, BERLIN, utc(2026, 3, 2, 6, 59))
    assert before.period.start == date(2026, 1, 1)
    assert latest(MONTHLY, 8, BERLIN, utc(2026, 1, 1)).period.start == date(2025, 11, 1)


@pytest.mark.parametrize("cadence", [WEEKLY, MONTHLY])
@pytest.mark.parametrize("zone", [BERLIN, HONOLULU, AUCKLAND])
def test_the_next_one_is_of_the_days_after_the_last_one(cadence, zone):
    now = utc(2026, 11, 27, 19)
    last, coming = latest(cadence, 8, zone, now), following(cadence, 8, zone, now)
    assert last.at <= now < coming.at
    assert coming.period.start == last.period.end
    assert latest(cadence, 8, zone, coming.at) == coming
