"""Fetch a source and load what comes, set by set; each set stands by itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
import logging
from pathlib import Path
import shutil
import time
import traceback

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from aicost.jobs.alone import alone
from aicost.kernel.sqlfiles import sql
from ingest.connect import config_of
from ingest.fetch.base import Connector, Fetched, FetchError
from ingest.fetch.connectors import connector_of
from ingest.fetch.hide import hider, storable
from ingest.fetch.room import room_fault
from ingest.load import LoadResult, load
from ingest.models import Delivery, Source, SourceRun

RUNS_KEPT = 500
SEEN_SECONDS = 2.0
VANISHED = "the process that ran it vanished"
_LOCK_SPACE = 0x61696373  # "aics": advisory locks of sources
_CURE = "Test the connection; if it stays, report this with the log of the worker"

log = logging.getLogger(__name__)


def run_source(source: Source) -> SourceRun:
    """One run, kept as a `SourceRun` whatever happens. A set that is held does not stop the ones
    behind it; an error while fetching ends the run, and what already stands stays."""
    with alone(_LOCK_SPACE, source.pk) as is_alone:
        if not is_alone:
            run = SourceRun(source=source, state=SourceRun.FAILED, finished_at=timezone.now())
            run.message = "another process is fetching this source right now"
            return run
        SourceRun.objects.filter(source=source, state=SourceRun.RUNNING).update(
            state=SourceRun.FAILED, message=VANISHED, finished_at=timezone.now()
        )
        run = SourceRun.objects.create(source=source)
        try:
            _fetch_and_load(source, run)
            run.state = SourceRun.HELD if run.held else SourceRun.DONE
        except FetchError as error:
            run.state, run.message, run.cure = SourceRun.FAILED, error.message, error.cure
        except Exception as error:
            run.state, run.message = SourceRun.FAILED, f"{type(error).__name__}: {error}"[:2000]
            if fault := room_fault(error):
                run.message, run.cure = fault.message, fault.cure
            log.exception("the run of source %s failed", source.name)
            raise
        finally:
            run.finished_at = timezone.now()
            run.save()
            _forget_old_runs(source)
        return run


def due_sources() -> list[Source]:
    """Sources whose time has come; their next time is set. Of two that ask at once only one gets a
    source; one whose rows are being published at this moment waits for the next minute."""
    now = timezone.now()
    waiting = Source.objects.filter(enabled=True, next_run_at__lte=now).exclude(connector="")
    with transaction.atomic():
        due = list(waiting.order_by("pk").select_for_update(skip_locked=True, no_key=True))
        for source in due:
            source.next_run_at = now + timedelta(minutes=source.every_minutes)
            source.save(update_fields=["next_run_at"])
    return due


def end_vanished_runs() -> int:
    """Runs that say they go on, though no process holds their source, have failed; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql("ingest.sql", "end_vanished_runs"), {"space": _LOCK_SPACE, "message": VANISHED}
        )
        return cursor.rowcount


def fetch_folder(source: Source) -> Path:
    """Where downloads of a source land and survive between runs."""
    folder = settings.AICOST_HOME / "fetch" / str(source.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _fetch_and_load(source: Source, run: SourceRun) -> None:
    connector, config = connector_of(source.connector), config_of(source)
    hide = hider(connector, config)
    for fetched in _fetched(connector, config, source, hide):
        results = []
        if fetched.paths:
            results = load(
                fetched.paths, source.name, replace=fetched.replace, each=_counter(run, hide)
            )
        _end_set(run, fetched, results, hide)
        if all(result.state != Delivery.HELD for result in results):
            source.state = dict(fetched.state)
            source.save(update_fields=["state"])
            _clear(fetched)


def _fetched(
    connector: Connector, config: Mapping, source: Source, hide: Callable
) -> Iterator[Fetched]:
    """What the connector brings. Raises nothing but `FetchError`, and tells no secret: an answer
    of a shape that nobody foresaw is the other side's fault, and the next run asks again."""
    try:
        for one in connector.fetch(config, dict(source.state), fetch_folder(source)):
            yield replace(
                one, name=hide(one.name), facts=hide(one.facts), state=storable(one.state)
            )
    except FetchError as error:
        raise FetchError(hide(error.message), hide(error.cure) or _CURE) from None
    except Exception as error:
        if fault := room_fault(error):
            raise fault from None
        log.error("source %s, connector %s: %s", source.name, connector.name,
                  hide(traceback.format_exc()))  # fmt: skip
        told = hide(f"{type(error).__name__}: {error}"[:300])
        raise FetchError(
            f"{connector.title}: what came was not what was expected ({told})",
            _CURE,
        ) from None


def _counter(run: SourceRun, hide: Callable) -> Callable[[LoadResult], None]:
    """Count each delivery. A set may hold thousands: the run is seen to move."""
    saved = time.monotonic()

    def count(result: LoadResult) -> None:
        nonlocal saved
        if result.state == Delivery.PUBLISHED:
            run.rows += result.rows_loaded
        setattr(run, result.state, getattr(run, result.state) + 1)
        if result.message:  # it may quote a file, and the file what was sent to get it
            Delivery.objects.filter(pk=result.delivery, message=result.message).update(
                message=hide(result.message)
            )
        if time.monotonic() - saved > SEEN_SECONDS:
            run.save()
            saved = time.monotonic()

    return count


def _end_set(run: SourceRun, fetched: Fetched, results: list[LoadResult], hide: Callable) -> None:
    run.sets += 1
    held = [hide(result.message) for result in results if result.state == Delivery.HELD]
    run.message = "\n".join(filter(None, (run.message, *held)))[:4000]
    run.facts = [*run.facts, {"set": fetched.name, **fetched.facts}][-100:]
    run.save()


def _clear(fetched: Fetched) -> None:
    """The bytes are kept under AICOST_HOME/files by now."""
    for path in fetched.paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _forget_old_runs(source: Source) -> None:
    old = source.runs.order_by("-pk").values_list("pk", flat=True)[RUNS_KEPT:]
    SourceRun.objects.filter(pk__in=list(old)).delete()
