"""A real Celery worker is killed with -9 ten times while it works: nothing lost, nothing twice."""

from contextlib import contextmanager
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
import time

from celery import Celery
from django.conf import settings as django_settings
from django.db import connection, transaction
from kombu.transport.sqlalchemy import Channel
import pytest

from aicost.jobs import queue
from aicost.jobs.models import Job
from aicost.jobs.queue import enqueue, reap
from aicost.runtime.database import broker_url
from aicost.runtime.postgres import free_port
from tests.runtime.handlers import KINDS

ROOT = Path(__file__).resolve().parent.parent.parent
JOBS = 240
KILLS = 10

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def probe(db, settings):
    settings.AICOST_JOBS = settings.AICOST_JOBS | KINDS
    with connection.cursor() as cursor:
        cursor.execute("create table probe (n integer)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("drop table probe")


@pytest.fixture
def redis_url(tmp_path):
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert time.monotonic() < deadline, "redis-server does not answer"
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait()


@pytest.fixture
def app_at(monkeypatch):
    """Lets the bell of this process ring at another broker."""
    yield lambda broker: monkeypatch.setattr(queue, "app", Celery("test", broker=broker))
    for engine, _ in Channel._engines.values():  # else the test database cannot be dropped
        engine.dispose()


@contextmanager
def worker(broker: str, log: Path):
    """A worker of two processes on the test's own database; killed at the end, all of it."""
    database = django_settings.DATABASES["default"]
    environment = {
        **os.environ,
        "DATABASE_URL": broker_url(database).removeprefix("sqla+").replace("+psycopg", "", 1),
        "CELERY_BROKER_URL": broker,
        "DJANGO_SETTINGS_MODULE": "tests.runtime.worker_settings",
        "AICOST_JOB_LEASE_SECONDS": "2",
    }
    command = [sys.executable, "-m", "celery", "-A", "aicost.celery", "worker", "-c", "2"]
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*command, "--without-mingle", "--without-gossip"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def done() -> int:
    return Job.objects.filter(state=Job.DONE).count()


def wait_for(count: int, seconds: float, log: Path) -> None:
    deadline = time.monotonic() + seconds
    while done() < count:
        assert time.monotonic() < deadline, (
            f"{done()} of {count} after {seconds} s\n" + (log.read_text()[-3000:])
        )
        reap()
        time.sleep(0.1)


def kill_ten_times_then_finish(broker: str, log: Path) -> None:
    """Each worker may do some jobs, then all its processes are killed in the middle of others."""
    with transaction.atomic():
        for n in range(JOBS):
            enqueue("record", {"n": n})
    for kill in range(KILLS):
        with worker(broker, log):
            wait_for(done() + 3 + kill, 30, log)
    interrupted = Job.objects.filter(state=Job.RUNNING).count()
    with worker(broker, log):
        wait_for(JOBS, 90, log)
    assert interrupted > 0
    with connection.cursor() as cursor:
        cursor.execute("select n, count(*) from probe group by n order by n")
        assert cursor.fetchall() == [(n, 1) for n in range(JOBS)]
    assert Job.objects.filter(tries__gt=1).count() >= KILLS // 2
    assert not Job.objects.exclude(state=Job.DONE).exists()


def test_it_survives_ten_kills_with_the_embedded_broker(probe, tmp_path, app_at):
    broker = broker_url(django_settings.DATABASES["default"])
    app_at(broker)
    kill_ten_times_then_finish(broker, tmp_path / "worker.log")


@pytest.mark.redis
def test_it_survives_ten_kills_with_redis(probe, tmp_path, app_at, redis_url):
    app_at(redis_url)
    kill_ten_times_then_finish(redis_url, tmp_path / "worker.log")
