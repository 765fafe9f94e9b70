"""Runs of sources that do not go well: killed, doubled, held, or without room on the disk."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
import resource
import threading

from django.db import connection, transaction
from django.utils import timezone
import pytest

from aicost.jobs.alone import alone
from aicost.jobs.models import Job
from aicost.jobs.queue import enqueue
from aicost.jobs.work import run_all
from ingest import load as loading
from ingest import run_source as running
from ingest.connect import configure
from ingest.fetch.kept import CannotKeep
from ingest.inbox import UploadTooLarge, inbox_folder, keep_upload, load_inbox, waiting
from ingest.models import Delivery, Revenue, Source, SourceFile, SourceRun
from ingest.run_source import due_sources, end_vanished_runs, fetch_folder, run_source

HEAD = "day,revenue,currency\n"
DAY = HEAD + "2026-09-01,10,EUR\n"


@pytest.fixture
def share(home, tmp_path_factory, monkeypatch, db) -> Source:
    """A source of plain files, with one file of revenue."""
    folder = tmp_path_factory.mktemp("share")
    monkeypatch.setenv("AICOST_FOLDER_ROOTS", str(folder))
    (folder / "one").mkdir()
    (folder / "one" / "revenue.csv").write_text(DAY)
    return configure("share", "folder", {"path": str(folder), "what": "files"})


@contextmanager
def held_elsewhere(source: Source) -> Iterator[None]:
    """Another process is at the source, as long as the block lasts."""
    taken, leave = threading.Event(), threading.Event()

    def hold():
        try:
            with alone(running._LOCK_SPACE, source.pk) as is_alone:
                assert is_alone
                taken.set()
                assert leave.wait(30)
        finally:
            taken.set()
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert taken.wait(30)
        try:
            yield
        finally:
            leave.set()
            holder.result()


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_do_not_get_the_same_source(share):
    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        assert due_sources() == [share]

        def ask():
            try:
                return due_sources()
            finally:
                connection.close()

        assert pool.submit(ask).result(30) == []
    assert due_sources() == []
    Source.objects.update(next_run_at=timezone.now())
    enqueue("ingest.due", key="due")
    enqueue("ingest.due")
    run_all(["ingest.due"])
    assert Job.objects.filter(kind="ingest.source").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_process_was_killed_does_not_go_on_for_ever(share):
    SourceRun.objects.create(source=share)
    with held_elsewhere(share):
        assert end_vanished_runs() == 0
    run_all_due()
    lost = SourceRun.objects.earliest("pk")
    assert (lost.state, lost.message) == ("failed", "the process that ran it vanished")
    assert lost.finished_at is not None


def run_all_due() -> None:
    Source.objects.update(next_run_at=None)
    enqueue("ingest.due", key="due")
    run_all(["ingest.due"])


@pytest.mark.django_db(transaction=True)
def test_a_run_that_follows_a_killed_one_waits_until_the_database_knows(share):
    with held_elsewhere(share):
        enqueue("ingest.source", {"source": share.pk}, key="first")
        [only] = run_all(["ingest.source"])
        assert only.state == Job.DONE and "another process" in only.result["message"]
        enqueue("ingest.source", {"source": share.pk}, key="again")
        Job.objects.filter(key="again").update(tries=1)  # its first worker was killed
        [again] = run_all(["ingest.source"])
        assert again.state == Job.NEW and "another process" in again.error
    Job.objects.update(lease_until=None)
    [done] = run_all(["ingest.source"])
    assert done.state == Job.DONE and Revenue.objects.count() == 1


def test_a_run_is_seen_to_move_while_a_set_of_many_files_is_loaded(share, monkeypatch):
    for day in range(1, 31):
        told = HEAD + f"2026-09-{day:02},{day},EUR\n"
        (Path(share.settings["path"]) / "one" / f"{day}.csv").write_text(told)
    monkeypatch.setattr(running, "SEEN_SECONDS", 0)
    seen = []
    load_rows = loading._load_rows

    def look(*given, **more):
        run = SourceRun.objects.get()
        seen.append((run.state, run.published, run.rows))
        return load_rows(*given, **more)

    monkeypatch.setattr(loading, "_load_rows", look)
    done = run_source(share)
    assert seen == [("running", n, n) for n in range(31)]
    assert (done.sets, done.published, done.rows) == (1, 31, 31)


@contextmanager
def room_for(bytes_max: int) -> Iterator[None]:
    """No file can grow beyond so many bytes: what a full disk does, to this process alone."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_source_without_room_says_so_and_goes_on_when_there_is_some(share):
    with room_for(10):
        run = run_source(share)
    assert run.state == SourceRun.FAILED
    assert "File too large" in run.message and "space" in run.cure
    assert nothing_came(share)
    assert run_source(share).state == SourceRun.DONE and Revenue.objects.count() == 1


def test_a_home_that_cannot_be_written_is_told_in_words(share, home):
    (home / "fetch").write_text("in the way")
    run = run_source(share)
    assert (run.state, run.published) == (SourceRun.FAILED, 0)
    assert "AICOST_HOME cannot be written" in run.message and "fetch" in run.message
    (home / "fetch").unlink()
    (home / "files").write_text("in the way")
    with pytest.raises(OSError):
        run_source(share)
    run = share.runs.latest("pk")
    assert run.state == SourceRun.FAILED and "files" in run.message and run.cure
    assert nothing_came(share)
    (home / "files").unlink()
    assert run_source(share).state == SourceRun.DONE and Revenue.objects.count() == 1
    assert [path for path in fetch_folder(share).rglob("*") if path.is_file()] == []


def nothing_came(source: Source) -> bool:
    source.refresh_from_db()
    left = Revenue.objects.exists() or Delivery.objects.exists() or SourceFile.objects.exists()
    return source.state == {} and not left


def test_a_file_in_the_inbox_waits_until_there_is_room(home, db):
    (inbox_folder() / "revenue.csv").write_text(DAY)
    with room_for(10), pytest.raises(CannotKeep, match="File too large"):
        load_inbox(stable_seconds=0)
    assert [path.name for path in waiting(0)] == ["revenue.csv"]
    [result] = load_inbox(stable_seconds=0)
    assert result.state == "published" and waiting(0) == []


def test_an_upload_without_room_is_refused_in_words(home):
    with room_for(10), pytest.raises(UploadTooLarge, match="no room for revenue.csv"):
        keep_upload("revenue.csv", [DAY.encode()])
    assert list((home / "tmp").iterdir()) == []
