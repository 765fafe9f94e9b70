"""Real Celery workers on the test's own database, killed with -9 whenever a test likes."""

from contextlib import contextmanager
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from django.conf import settings as django_settings
from django.db import connection

from aicost.jobs.models import Job
from aicost.jobs.queue import reap
from aicost.runtime.database import broker_url

ROOT = Path(__file__).resolve().parent.parent.parent
SEEDS = range(int(os.environ.get("AICOST_KILL_SEEDS", "1")))
LEASE_SECONDS = 2

# `celery -A aicost.celery worker -c 2`, imported before its turn.
WORKER = """
import sys, django
from aicost.celery import app
django.setup()
import attribution.tasks, ingest.tasks
sys.stdin.read()
app.worker_main(["worker", "-c", "2", "--without-mingle", "--without-gossip"])
"""


class Workers:
    """Real workers of two processes on the test's own database, one after the other. The next one
    imports its modules while the one before still works, and waits for its turn."""

    def __init__(self, broker: str, log: Path) -> None:
        self.log = log
        database = broker_url(django_settings.DATABASES["default"])
        self.environment = {
            **os.environ,
            "DATABASE_URL": database.removeprefix("sqla+").replace("+psycopg", "", 1),
            "CELERY_BROKER_URL": broker,
            "AICOST_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
        }
        self.waiting = self._import()

    def _import(self) -> subprocess.Popen:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-c", WORKER],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @contextmanager
    def one(self):
        """Works until the end of the block; then all its processes are killed."""
        process, self.waiting = self.waiting, self._import()
        process.stdin.close()
        try:
            yield
        finally:
            self._kill(process)

    def end(self) -> None:
        self.waiting.stdin.close()
        self._kill(self.waiting)

    @staticmethod
    def _kill(process: subprocess.Popen) -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


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
