"""GPU intervals: buckets replace each other whole, and idle is found across them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ingest.models import ChangedDay, GpuInterval
from tests.ingest.rows import deliver

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
HEAD = (
    "t_start,t_end,node,device_uuid,workload_key,observed_s,zero_s,zero_lead_s,zero_tail_s,"
    "fb_used_mib_max\n"
)


def bucket(nth, observed, zero, lead, tail, memory=40000, workload="job", minutes=5):
    start = NOON + timedelta(minutes=5 * nth)
    end = start + timedelta(minutes=minutes)
    told = (observed, zero, lead, tail, memory)
    return f"{start:%FT%TZ},{end:%FT%TZ},node-1,GPU-1,{workload}," + ",".join(map(str, told)) + "\n"


def idle():
    """(nth bucket, held seconds, empty seconds) of each bucket that has any."""
    rows = GpuInterval.objects.order_by("t_start").values_list(
        "t_start", "held_idle_ms", "empty_idle_ms"
    )
    return [
        ((start - NOON) // timedelta(minutes=5), held // 1000, empty // 1000)
        for start, held, empty in rows
        if held or empty
    ]


def test_it_joins_zero_time_over_buckets_into_runs_of_at_least_five_minutes(tmp_path):
    rows = [
        bucket(0, 300, 120, 0, 120),  # 120 s at its end and
        bucket(1, 300, 180, 180, 0),  # 180 s after it: exactly five minutes
        bucket(2, 300, 150, 0, 150),
        bucket(3, 300, 149, 149, 0),  # a second short
        bucket(4, 300, 200, 0, 0),  # in its middle: shorter than five minutes
        bucket(5, 300, 300, 300, 300, memory=1023),  # nothing loaded
        bucket(6, 300, 10, 10, 0),
    ]
    deliver(tmp_path, "gpu.csv", HEAD + "".join(rows))
    assert idle() == [(0, 120, 0), (1, 180, 0), (5, 0, 300), (6, 10, 0)]


def test_it_ends_a_run_at_a_gap(tmp_path):
    rows = [bucket(0, 300, 200, 0, 200), bucket(2, 300, 200, 200, 0), bucket(4, 290, 290, 140, 150)]
    deliver(tmp_path, "gpu.csv", HEAD + "".join(rows))
    assert idle() == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (0, 2, 3, 1), (1, 3, 0, 2)])
def test_it_finds_the_same_idle_whatever_the_order_of_deliveries(tmp_path, order):
    rows = [
        bucket(0, 300, 100, 0, 100),
        bucket(1, 300, 300, 300, 300),
        bucket(2, 300, 250, 100, 150),
        bucket(3, 300, 150, 150, 0),
    ]
    for nth in order:
        deliver(tmp_path, f"gpu-{nth}.csv", HEAD + rows[nth])
    assert idle() == [(0, 100, 0), (1, 300, 0), (2, 250, 0), (3, 150, 0)]


def test_it_takes_idle_back_when_a_bucket_is_replaced(tmp_path):
    deliver(tmp_path, "a.csv", HEAD + bucket(0, 300, 200, 0, 200) + bucket(1, 300, 200, 200, 0))
    assert idle() == [(0, 200, 0), (1, 200, 0)]
    counts = deliver(tmp_path, "b.csv", HEAD + bucket(1, 300, 0, 0, 0))
    assert idle() == []
    assert counts.changed_days == (date(2026, 9, 1),)


def test_it_keeps_idle_that_the_source_tells(tmp_path):
    head = "t_start,t_end,node,device_uuid,workload_key,held_idle_s,empty_idle_s\n"
    deliver(tmp_path, "a.csv", head + "2026-09-01T11:00Z,2026-09-01T12:00Z,n,GPU-1,job,90,30\n")
    deliver(tmp_path, "b.csv", HEAD + bucket(0, 300, 300, 300, 300))
    assert idle() == [(-12, 90, 30), (0, 300, 0)]


def test_it_replaces_buckets_of_another_length(tmp_path):
    deliver(tmp_path, "hour.csv", HEAD + bucket(0, 3600, 0, 0, 0, minutes=60))
    deliver(tmp_path, "five.csv", HEAD + bucket(3, 300, 0, 0, 0))
    assert list(GpuInterval.objects.values_list("observed_ms", flat=True)) == [300_000]
    deliver(tmp_path, "hour2.csv", HEAD + bucket(0, 3599, 0, 0, 0, minutes=60))
    assert list(GpuInterval.objects.values_list("observed_ms", flat=True)) == [3_599_000]


def test_it_changes_nothing_when_the_same_buckets_come_again(tmp_path):
    rows = [bucket(nth, 300, 300, 300, 300) for nth in range(4)]
    deliver(tmp_path, "a.csv", HEAD + "".join(rows))
    before = list(GpuInterval.objects.order_by("t_start").values())
    ChangedDay.objects.all().delete()
    counts = deliver(tmp_path, "b.csv", HEAD + "".join(reversed(rows)) + rows[0])
    assert (counts.rows_loaded, counts.changed_days) == (5, ())
    assert list(GpuInterval.objects.order_by("t_start").values()) == before
    assert not ChangedDay.objects.exists()


def test_it_quarantines_impossible_intervals(tmp_path):
    rows = [
        bucket(0, 301, 0, 0, 0),
        bucket(1, 200, 201, 0, 0),
        bucket(2, 300, 100, 60, 41),
        bucket(3, 300, 0, 0, 0, minutes=7),
        bucket(4, 300, 0, 0, 0, minutes=65),
        bucket(142, 3600, 0, 0, 0, minutes=60),
        bucket(5, 300, 0, 0, 0),
    ]
    counts = deliver(tmp_path, "gpu.csv", HEAD + "".join(rows))
    assert (counts.rows_read, counts.rows_loaded, counts.rows_quarantined) == (7, 1, 6)
