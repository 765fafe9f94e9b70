from datetime import date, datetime
import time

from aicost.kernel.periods import as_utc, midnight


def test_a_time_without_a_zone_is_utc_wherever_the_machine_stands(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert as_utc(datetime.fromisoformat("2026-09-01")) == midnight(date(2026, 9, 1))
        assert as_utc(datetime.fromisoformat("2026-09-01T02:00:00+02:00")).hour == 0
    finally:
        monkeypatch.undo()
        time.tzset()
