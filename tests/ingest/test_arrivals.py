"""Files that arrive by themselves, and the way back from a charge to the rows of its file."""

from concurrent.futures import ThreadPoolExecutor
import os
import tempfile
import threading

from django.db import connection
import pytest

from aicost.jobs.models import Job
from aicost.jobs.work import run_all
from ingest.fetch.kept import scratch_folder, working_folder
from ingest.file_rows import rows_of_charge
from ingest.inbox import UploadTooLarge, clear_scratch, inbox_folder, load_inbox, receive_upload
from ingest.load import load
from ingest.models import Charge, Delivery, Usage
from tests.ingest.bills import focus_row, ledger, write_focus

pytestmark = pytest.mark.django_db


def age(path, seconds):
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_it_loads_what_lies_still_in_the_inbox(home):
    good = write_focus(inbox_folder() / "good.csv", focus_row("a", "2026-09-01", "1"))
    bad = inbox_folder() / "bad.csv"
    bad.write_text("this,is\nno,bill\n")
    growing = write_focus(inbox_folder() / "growing.csv", focus_row("b", "2026-09-02", "2"))
    age(good, 60)
    age(bad, 60)

    results = load_inbox()

    assert sorted((r.name, r.state) for r in results) == [
        ("bad.csv", "held"),
        ("good.csv", "published"),
    ]
    assert growing.exists() and not good.exists() and not bad.exists()
    [reason] = (inbox_folder() / "held").glob("*.txt")
    assert "no reader knows this file" in reason.read_text()
    assert [p.name[-8:] for p in (inbox_folder() / "done").iterdir()] == ["good.csv"]


@pytest.mark.django_db(transaction=True)
def test_it_loads_an_upload_as_a_job(home):
    bill = write_focus(home / "bill.csv", focus_row("a", "2026-09-01", "1"))
    content = bill.read_bytes()

    job = receive_upload("../../etc/bill .csv", [content[:50], content[50:]], "mine")
    run_all(["ingest.load"])

    job = Job.objects.get(pk=job.pk)
    assert (job.state, job.error) == ("done", "")
    [result] = job.result["results"]
    assert (result["state"], result["name"], result["billed_cost"]) == (
        "published",
        "bill .csv",
        "1",
    )
    assert ledger() == [("mine", "a", "2026-09-01", "1")]


def test_it_stops_an_upload_that_never_ends(home, monkeypatch):
    monkeypatch.setattr("ingest.inbox.UPLOAD_BYTES_MAX", 100)

    with pytest.raises(UploadTooLarge, match="inbox"):
        receive_upload("big.csv", (b"x" * 60 for _ in range(10**9)))
    assert list((home / "tmp").iterdir()) == []


def test_it_finds_the_rows_of_the_file_behind_a_charge(home):
    load(
        [
            write_focus(
                home / "bill.csv",
                focus_row("a", "2026-09-01", "1", ServiceName="two\nlines"),
                focus_row("b", "2026-09-01", "2", Tags='{"team": "x"}'),
                focus_row("b", "2026-09-01", "4", Tags='{"team": "y"}'),
                focus_row("b", "2026-09-01", "8", Tags="{'team': 'x'}"),
                focus_row("b", "2026-09-02", "16", Tags='{"team": "x"}'),
            )
        ]
    )
    charge = Charge.objects.get(series__tags__team="x", day="2026-09-01")

    rows = rows_of_charge(charge)

    assert [(row["file"], row["line"]) for row in rows] == [("bill.csv", 4), ("bill.csv", 6)]
    assert [row["columns"]["BilledCost"] for row in rows] == ["2", "8"]
    assert charge.billed_cost == 10


def at_once(*calls):
    """The results of calls that start together, each with a connection of its own."""
    start = threading.Barrier(len(calls))

    def run(call):
        start.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_it_loads_once_what_four_load_at_the_same_time(home):
    bill = write_focus(
        home / "bill.csv", *(focus_row(f"r{n}", f"2026-0{1 + n % 6}-01", "1") for n in range(60))
    )
    usage = home / "usage.csv"
    usage.write_text("time,model,requests\n2026-09-01T00:00:00Z,m,1\n")

    for path in (bill, usage):
        results = at_once(*[lambda path=path: load([path], path.stem)] * 4)
        states = sorted({result.state for one in results for result in one})
        assert states == ["published", "unchanged"]
    assert len(ledger()) == Charge.objects.count() == 60
    assert Usage.objects.count() == 1
    assert Delivery.objects.exclude(state="published").count() == 0
    assert Delivery.objects.filter(name="bill.csv").count() == 6


@pytest.mark.django_db(transaction=True)
def test_it_gives_the_inbox_to_one_at_a_time(home):
    for n in range(5):
        age(write_focus(inbox_folder() / f"b{n}.csv", focus_row(f"r{n}", "2026-09-01", "1")), 60)
    results = [result for one in at_once(*[load_inbox] * 3) for result in one]
    assert len(results) == 5
    assert list((inbox_folder() / "held").iterdir()) == []


def test_it_clears_what_a_killed_load_left_and_nothing_a_living_one_has(home, monkeypatch):
    monkeypatch.setattr("ingest.fetch.kept._YOUNG_SECONDS", 0)
    left = tempfile.mkdtemp(prefix="load-", dir=working_folder())
    with scratch_folder(working_folder()) as living:
        assert clear_scratch() == 1
        assert living.exists() and not os.path.exists(left)
