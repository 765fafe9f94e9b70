"""`manage.py up`: the whole product under one supervisor."""

from collections.abc import Callable
from contextlib import contextmanager
import fcntl
from http.client import HTTPConnection, HTTPException
import os
from pathlib import Path
import signal
import socket
import sys
import time

from django.conf import settings
from django.core.management import call_command

from aicost.jobs.queue import tick
from aicost.runtime.database import make_home
from aicost.runtime.demo_company import load_demo, logins
from aicost.runtime.postgres import Embedded
from aicost.runtime.supervisor import Child, Supervisor, end_signals

HOST = "127.0.0.1"
FIRST_PAGE_SECONDS_MAX = 300  # two busy cores were seen to need more than a minute

Say = Callable[[str], None]


class CannotStart(RuntimeError):
    """`up` refuses to start; the text says why and what to do."""


def up(port: int, demo: bool, say: Say, host: str = HOST) -> None:
    """Run everything until Ctrl-C or SIGTERM. Raises `CannotStart`, `PostgresFailed`."""
    home = settings.AICOST_HOME
    for number in end_signals():  # also before the supervisor takes over: as after Ctrl-C
        signal.signal(number, signal.default_int_handler)
    with _alone(home), _database(home, say):
        _check_port(host, port)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        if demo:
            load_demo(home, say)
        tick()  # what an earlier run left does not wait for the first minute
        url = f"http://{'localhost' if host == HOST else host}:{port}/"
        supervisor = Supervisor(children(home, host, port), say)
        supervisor.run(lambda: _announce(supervisor, host, port, url, demo, say))
    say("Stopped.")


def children(home: Path, host: str, port: int) -> list[Child]:
    celery = [sys.executable, "-m", "celery", "-A", "aicost.celery"]
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:aicost.runtime.webserver"]
    commands = {
        "web": [*gunicorn, "aicost.wsgi:application", "--bind", f"{host}:{port}"]
        + ["--worker-tmp-dir", str(home)],
        "worker": [*celery, "worker", "-c", "2", "--loglevel", "INFO", "--without-mingle"]
        + ["--without-gossip"],
        "beat": [*celery, "beat", "--loglevel", "INFO", "--pidfile="],
    }
    return [Child(name, line, home / "logs" / f"{name}.log") for name, line in commands.items()]


@contextmanager
def _alone(home: Path):
    """One `up` for each AICOST_HOME."""
    make_home(home)
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"it runs already for {home}; stop that one first") from None
        yield


@contextmanager
def _database(home: Path, say: Say):
    """The embedded server, unless DATABASE_URL names another; it ends with us."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    embedded = Embedded(home)
    try:
        embedded.start()
        yield
    finally:
        say("Stopping the database…")
        embedded.stop()


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(f"port {port} cannot be used ({error}); choose --port") from error


def _announce(supervisor, host: str, port: int, url: str, demo: bool, say: Say) -> None:
    deadline = time.monotonic() + FIRST_PAGE_SECONDS_MAX
    while not supervisor.stopping and not _answers(host, port):
        if time.monotonic() > deadline:
            log = settings.AICOST_HOME / "logs" / "web.log"
            raise CannotStart(f"no page within {FIRST_PAGE_SECONDS_MAX} s; see {log}")
        time.sleep(0.1)
    if supervisor.stopping:
        return
    say(f"\nReady: {url}")
    if demo:
        for name, password in logins(settings.AICOST_HOME).items():
            say(f"  log in as {name:<12} password {password}")
    else:
        say("  make a login with: manage.py adduser NAME --role admin")
    say("Ctrl-C stops everything.")


def _answers(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
