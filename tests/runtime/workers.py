"""Real Celery workers on the test's own database, killed with -9 whenever a test likes."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import time

from django.db import connection

from aicost.jobs.models import Job
from aicost.jobs.queue import reap
from tests.nursery import Nursery

SEEDS = range(int(os.environ.get("AICOST_KILL_SEEDS", "1")))
LEASE_SECONDS = 2

# `celery -A aicost.celery worker -c 2`
WORKER = """
app.conf.broker_url = settings.CELERY_BROKER_URL
app.worker_main(["worker", "-c", "2", "--without-mingle", "--without-gossip"])
"""


class Workers:
    """Real workers of two processes on the test's own database, one after the other."""

    def __init__(self, nursery: Nursery, broker: str, log: Path, **environment: str) -> None:
        self.nursery, self.broker, self.log = nursery, broker, log
        self.environment = environment

    @contextmanager
    def one(self) -> Iterator[None]:
        """Works until the end of the block; then all its processes are killed."""
        worker = self.nursery.fork(
            WORKER,
            log=self.log,
            environment=self.environment,
            CELERY_BROKER_URL=self.broker,
            AICOST_JOB_LEASE_SECONDS=LEASE_SECONDS,
        )
        try:
            yield
        finally:
            worker.kill()


def answer(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def wait_for(true, what: str, log: Path, seconds: float = 60) -> None:
    """Look closely, and reap now and then, as the tick does."""
    deadline, next_reap = time.monotonic() + seconds, 0.0
    while not true():
        if time.monotonic() > deadline:
            jobs = list(Job.objects.values("kind", "state", "tries", "error", "lease_until"))
            raise AssertionError(f"never {what}: {jobs}\n{log.read_text()[-3000:]}")
        if time.monotonic() > next_reap:
            reap()
            next_reap = time.monotonic() + 0.5
        time.sleep(0.01)


def finished() -> bool:
    return not Job.objects.filter(state__in=(Job.NEW, Job.RUNNING)).exists()
