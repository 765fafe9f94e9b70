"""Run jobs: the handler's effect and the `done` mark stand or fall together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
import logging
import os
import socket
import threading
import time

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from aicost.jobs.models import Job
from aicost.jobs.queue import TRIES_MAX, claim

BACKOFF_SECONDS, BACKOFF_SECONDS_MAX = 5, 600
ERROR_CHARS_MAX = 2000

log = logging.getLogger(__name__)

Handler = Callable[[Job], dict | None]


class LeaseLost(RuntimeError):
    """Another worker took the job because its lease ran out: this run's effect is rolled back."""


def run(job: Job) -> Job:
    """Run a claimed job and return it as it then stands: done, waiting to be tried again, or
    failed with its error. Never raises what the handler raises.

    A handler gets the job and may return a dict, kept as its result. It runs inside the
    transaction that marks the job done. A handler with `own_transactions = True` commits by
    itself: it may run again after a crash, so it must be idempotent. An exception with a true
    attribute `permanent` is not tried again. Setting `job.progress` shows up within seconds.
    """
    try:
        handler: Handler = import_string(settings.AICOST_JOBS[job.kind])
        with _heartbeat(job):
            if getattr(handler, "own_transactions", False):
                _finish(job, handler(job))
            else:
                with transaction.atomic():
                    _finish(job, handler(job))
    except LeaseLost as lost:
        log.warning("%s", lost)
    except Exception as error:
        log.exception("job %s (%s) failed, try %s", job.pk, job.kind, job.tries)
        _put_back(job, error)
    job.refresh_from_db()
    return job


def drain(worker: str) -> list[Job]:
    """Run every job that is due, one after the other, until none is left."""
    done = []
    while (job := claim(worker)) is not None:
        done.append(run(job))
    return done


def run_all(kinds: list[str] | None = None) -> list[Job]:
    """Run here all jobs of these kinds that wait now, and wait for those that other workers
    have. Returns the ones run here: a caller that must know looks at `state` and `error`. Jobs
    enqueued later, and jobs set back by a failure, are left to the worker."""
    unfinished = Job.objects.filter(state__in=[Job.NEW, Job.RUNNING])
    if kinds is not None:
        unfinished = unfinished.filter(kind__in=kinds)
    ids = list(unfinished.values_list("pk", flat=True))
    done: list[Job] = []
    while ids:
        job = claim(worker_name(), kinds, max(ids))
        if job is not None:
            done.append(run(job))
        elif Job.objects.filter(pk__in=ids, state=Job.RUNNING).exists():
            time.sleep(0.2)
        else:
            break
    return done


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_native_id()}"


def _held(job: Job):
    """The job's row as long as this run holds it: `tries` tells a run from the next one."""
    return Job.objects.filter(
        pk=job.pk, state=Job.RUNNING, claimed_by=job.claimed_by, tries=job.tries
    )


def _finish(job: Job, result: dict | None) -> None:
    marked = _held(job).update(
        state=Job.DONE,
        result=result,
        progress=job.progress,
        error="",
        lease_until=None,
        finished_at=timezone.now(),
    )
    if marked != 1:
        raise LeaseLost(f"job {job.pk} ({job.kind}) was taken from {job.claimed_by}")


def _put_back(job: Job, error: Exception) -> None:
    """Try again later, or give up: visibly, with the error."""
    text = f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX]
    gives_up = job.tries >= TRIES_MAX or getattr(error, "permanent", False)
    failed = {"state": Job.FAILED, "lease_until": None, "finished_at": timezone.now()}
    if gives_up:
        _held(job).update(error=text, **failed)
        return
    wait = timedelta(seconds=min(BACKOFF_SECONDS * 2**job.tries, BACKOFF_SECONDS_MAX))
    try:
        with transaction.atomic():
            _held(job).update(state=Job.NEW, error=text, lease_until=timezone.now() + wait)
    except IntegrityError:  # a newer job with this key waits already and will do the work
        _held(job).update(error=f"{text} (the waiting job of this key goes on)", **failed)


@contextmanager
def _heartbeat(job: Job) -> Iterator[None]:
    """Keep the lease while the handler runs, from a thread with a connection of its own."""
    stopped = threading.Event()
    thread = threading.Thread(target=_beat, args=(job, stopped), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _beat(job: Job, stopped: threading.Event) -> None:
    seconds = settings.AICOST_JOB_LEASE_SECONDS
    try:
        while not stopped.wait(seconds / 4):
            until = timezone.now() + timedelta(seconds=seconds)
            _held(job).update(lease_until=until, progress=job.progress)
    except Exception:  # the lease then runs out, and `_finish` refuses the effect
        log.exception("no heartbeat for job %s", job.pk)
    finally:
        connection.close()
