"""The job table: put a job in, take one out, announce again what was lost.

A job waits (`new`), is `running` under a lease, and ends `done` or `failed`. In a waiting job
`lease_until` is the time before which it is not to be tried again.
"""

from datetime import timedelta
from importlib import import_module
import logging

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from aicost.celery import app
from aicost.jobs.models import Job
from aicost.kernel.sqlfiles import sql

TRIES_MAX = 5
ANNOUNCE_AGAIN_SECONDS = 20
BELLS_MAX = 16
KEEP_DONE_DAYS, KEEP_FAILED_DAYS = 7, 90
BELL = "aicost.jobs.bell"

log = logging.getLogger(__name__)


def enqueue(kind: str, payload: dict | None = None, key: str = "") -> Job:
    """A job of this kind, to be run by any worker after the caller's transaction commits.

    With a key, a job of the same kind and key that still waits is taken again, with the new
    payload. The row stays locked until commit: enqueue last. Raises ValueError for a kind that
    is not in settings.AICOST_JOBS.
    """
    if kind not in settings.AICOST_JOBS:
        known = ", ".join(sorted(settings.AICOST_JOBS))
        raise ValueError(f"no job kind {kind!r} in settings.AICOST_JOBS; there are: {known}")
    values = {"kind": kind, "key": key, "payload": Jsonb(payload or {})}
    (job_id,) = _returned("enqueue", values)
    transaction.on_commit(lambda: announce([job_id]))
    return Job.objects.get(pk=job_id)


def claim(worker: str, kinds: list[str] | None = None, upto_id: int | None = None) -> Job | None:
    """Take the oldest job that is due, or None. Two workers never get the same one while the
    lease (settings.AICOST_JOB_LEASE_SECONDS) holds."""
    values = {
        "worker": worker,
        "kinds": kinds,
        "upto_id": upto_id,
        "tries_max": TRIES_MAX,
        "lease_seconds": settings.AICOST_JOB_LEASE_SECONDS,
    }
    ids = _returned("claim", values)
    return Job.objects.get(pk=ids[0]) if ids else None


def announce(job_ids: list[int]) -> None:
    """Ring once for each job, at most BELLS_MAX times: a worker that wakes takes all it finds.

    A broker that is down is logged, not raised: the job is safe, and `reap` announces it again.
    """
    Job.objects.filter(pk__in=job_ids).update(announced_at=timezone.now())
    try:
        for _ in job_ids[:BELLS_MAX]:
            app.send_task(BELL, ignore_result=True, retry=False)
    except Exception as error:  # any broker, any error: kombu wraps only some of them
        log.warning("the broker cannot be reached, jobs %s wait for reap: %s", job_ids, error)


def reap() -> list[int]:
    """Announce again the jobs whose lease ran out or whose bell was lost; returns their ids.

    A job whose workers vanished TRIES_MAX times is marked failed instead.
    """
    for job_id in _returned("reap_lost", {"tries_max": TRIES_MAX}):
        log.error("job %s is given up: its worker vanished %s times", job_id, TRIES_MAX)
    found = _returned("reap_announce", {"announce_seconds": ANNOUNCE_AGAIN_SECONDS})
    announce(found)
    return found


def tick() -> None:
    """What happens once a minute. Any number of beats may call it."""
    reap()
    for kind, key in settings.AICOST_TICK_JOBS:
        enqueue(kind, key=key)
    hour_ago = timezone.now() - timedelta(hours=1)
    for kind, key in settings.AICOST_HOURLY_JOBS:
        if not Job.objects.filter(kind=kind, key=key, created_at__gt=hour_ago).exists():
            enqueue(kind, key=key)
    yesterday = timezone.now() - timedelta(days=1)
    if not Job.objects.filter(kind="jobs.purge", created_at__gt=yesterday).exists():
        enqueue("jobs.purge", key="daily")


def purge(job: Job) -> dict:
    """Handler of jobs.purge: delete delivered messages, jobs ended long ago and sessions."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    with connection.cursor() as cursor:
        keep = {"done_days": KEEP_DONE_DAYS, "failed_days": KEEP_FAILED_DAYS}
        cursor.execute(sql("aicost.jobs", "purge_jobs"), keep)
        jobs = cursor.rowcount
        cursor.execute("select to_regclass('kombu_message') is not null")
        if not cursor.fetchone()[0]:
            return {"jobs": jobs, "messages": 0}
        cursor.execute(sql("aicost.jobs", "purge_messages"))
        return {"jobs": jobs, "messages": cursor.rowcount}


def _returned(name: str, values: dict) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.jobs", name), values)
        return [row[0] for row in cursor.fetchall()]
