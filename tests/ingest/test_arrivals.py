"""Files that arrive by themselves, and the way back from a charge to the rows of its file."""

import os

import pytest

from aicost.jobs.models import Job
from aicost.jobs.work import run_all
from ingest.file_rows import rows_of_charge
from ingest.inbox import UploadTooLarge, inbox_folder, load_inbox, receive_upload
from ingest.load import load
from ingest.models import Charge
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
