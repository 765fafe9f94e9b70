"""Calls and runs: one row a call or many, with or without ids."""

from datetime import UTC, date, datetime

import pytest

from ingest.load_rows import replay
from ingest.models import ChangedDay, Delivery, Quarantined, Usage, UsageDay
from ingest.sources import cells
from tests.ingest.rows import deliver

pytestmark = pytest.mark.django_db

CALLS = """time,id,model,feature,input_tokens,output_tokens,latency_ms,status
2026-09-01T10:00:00Z,a,ranker-v3,search,100,10,50,ok
2026-09-01T10:59:59Z,b,ranker-v3,search,200,20,60,error
2026-09-01T11:00:00Z,c,ranker-v3,,300,30,900,ok
"""


def day_rows():
    fields = ("day", "model", "feature", "requests", "successes", "input_tokens", "output_tokens")
    return sorted(UsageDay.objects.values_list(*fields))


def test_it_counts_each_call_with_an_id_as_one_request(tmp_path):
    counts = deliver(tmp_path, "calls.csv", CALLS)
    assert (counts.rows_read, counts.rows_loaded, counts.rows_quarantined) == (3, 3, 0)
    assert day_rows() == [
        (date(2026, 9, 1), "ranker-v3", "", 1, 1, 300, 30),
        (date(2026, 9, 1), "ranker-v3", "search", 2, 1, 300, 30),
    ]
    assert sorted(Usage.objects.values_list("event_id", "hour")) == [
        ("a", datetime(2026, 9, 1, 10, tzinfo=UTC)),
        ("b", datetime(2026, 9, 1, 10, tzinfo=UTC)),
        ("c", datetime(2026, 9, 1, 11, tzinfo=UTC)),
    ]
    assert list(ChangedDay.objects.values_list("day", "what")) == [(date(2026, 9, 1), "usage")]


def test_it_changes_nothing_when_the_same_calls_come_again_shuffled(tmp_path):
    deliver(tmp_path, "calls.csv", CALLS)
    before = list(Usage.objects.order_by("event_id").values()), list(UsageDay.objects.values())
    header, *rows = CALLS.splitlines(keepends=True)
    again = deliver(tmp_path, "again.csv", header + "".join(reversed(rows)) + rows[0])
    assert (again.rows_loaded, again.changed_days) == (4, ())
    after = list(Usage.objects.order_by("event_id").values()), list(UsageDay.objects.values())
    assert after == before


def test_it_replaces_a_file_without_ids_by_its_next_version(tmp_path):
    head = "time,model,requests\n"
    deliver(tmp_path, "hourly.csv", head + "2026-09-01T10:00Z,m,5\n2026-09-02T10:00Z,m,7\n")
    deliver(tmp_path, "other.csv", head + "2026-09-01T10:00Z,m,100\n")
    counts = deliver(tmp_path, "hourly.csv", head + "2026-09-01T10:00Z,m,6\n")
    assert day_rows() == [(date(2026, 9, 1), "m", "", 106, None, None, None)]
    assert counts.changed_days == (date(2026, 9, 1), date(2026, 9, 2))


def test_it_quarantines_a_bad_row_with_its_physical_line_and_keeps_the_rest(tmp_path):
    bad = (
        "time,model,requests,input_tokens\n"
        "2026-09-01T10:00Z,m,5,1\n"
        "2126-09-01T10:00Z,m,5,1\n"
        '2026-09-01T10:00Z,"two\nlines",1,1\n'
        "1999-09-01T10:00Z,m,5,1\n"
        "2026-09-01T10:00Z,m,-5,1\n"
        "2026-09-01T10:00Z,m,NaN,1\n"
        "2026-09-01T10:00Z,m,5\n"
        ",m,5,1\n"
        "2026-09-01T10:00Z,m,,\n"
    )
    counts = deliver(tmp_path, "bad.csv", bad)
    assert (counts.rows_read, counts.rows_loaded, counts.rows_quarantined) == (9, 2, 7)
    assert sorted(Quarantined.objects.values_list("line", "reason")) == [
        (3, "time: '2126-09-01T10:00Z' is in the future"),
        (6, "time: '1999-09-01T10:00Z' is before 2000"),
        (7, "requests: '-5' is no whole number from 0 to 10^15"),
        (8, "requests: 'NaN' is no whole number from 0 to 10^15"),
        (9, "3 fields where the header has 4"),
        (10, "time: empty, but required"),
        (11, "no quantity: give an id, requests, tokens, gpu_seconds or cost"),
    ]


def test_it_replays_quarantined_rows_and_leaves_what_came_later(tmp_path, home, monkeypatch):
    head = "time,id,model,input_tokens\n"
    content = head + "2026-09-01T10:00Z,a,m,1\n2026-09-01T10:00Z,b,m,2\n2026-09-01T10:00Z,c,m,x\n"
    with monkeypatch.context() as early:  # the file came when its second row was still to be
        early.setattr(cells, "utc_now", lambda: datetime(2026, 8, 31, tzinfo=UTC))
        counts = deliver(tmp_path, "calls.csv", content)
    assert (counts.rows_loaded, counts.rows_quarantined) == (0, 3)
    deliver(tmp_path, "later.csv", head + "2026-09-01T11:00Z,a,m,100\n")
    delivery = Delivery.objects.get(name="calls.csv")
    kept = delivery.files.get()
    (home / "files").mkdir()
    (home / "files" / "kept").write_text(content)
    kept.kept_as = "kept"
    kept.save()
    counts = replay(delivery)
    assert (counts.rows_loaded, counts.rows_quarantined) == (2, 1)
    assert day_rows() == [(date(2026, 9, 1), "m", "", 2, None, 102, None)]
    open_lines = Quarantined.objects.filter(replayed_at=None).values_list("line", flat=True)
    assert list(open_lines) == [4]
    assert replay(delivery).changed_days == ()
