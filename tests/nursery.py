"""Processes that are there to be killed, without the seconds each would take to import the product.

One process imports it, once for all tests of a run, and does nothing else; every child is a fork of
it: a process and a group of its own with connections of its own, as one that was started."""

import json
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings

from aicost.runtime.serving import database_url

ROOT = Path(__file__).resolve().parent.parent

# Its input is a socket: each message is what a child is to do, with what it reads from, writes to
# and logs to.
MOTHER = """
import json, os, pathlib, signal, socket, sys, time
import django
from aicost.celery import app
django.setup()
from django.conf import settings
import aicost.files.export, aicost.notify.outbox, attribution.tasks, ingest.tasks
link = socket.socket(fileno=0)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    message, places, *_ = socket.recv_fds(link, 65536, 3)
    if not message:
        break
    pid = os.fork()
    if pid:
        for place in places:
            os.close(place)
        link.send(str(pid).encode())
        continue
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    link.detach()
    for number, place in enumerate(places):
        os.dup2(place, number)
        os.close(place)
    told = json.loads(message)
    os.environ.update(told["environment"])
    settings.DATABASES["default"]["NAME"] = told["database"]
    settings.AICOST_HOME = pathlib.Path(told["home"])
    for name, value in told["settings"].items():
        setattr(settings, name, value)
    exec(told["code"])
    sys.stdout.flush()
    os._exit(0)
"""


class Child:
    """A fork of the nursery: `tells` is what it reads, `hears` what it writes."""

    def __init__(self, pid: int, tells: int, hears: int) -> None:
        self.pid = pid
        self.tells, self.hears = os.fdopen(tells, "w"), os.fdopen(hears)

    def kill(self) -> None:
        """With -9, and all processes it has begun; nothing where it has ended."""
        if Path(f"/proc/{self.pid}").exists():
            os.killpg(self.pid, signal.SIGKILL)
        self.gone()

    def gone(self, seconds: float = 60) -> None:
        """Wait until it has ended; reading from it is over then."""
        self.tells.close()
        deadline = time.monotonic() + seconds
        while Path(f"/proc/{self.pid}").exists():
            assert time.monotonic() < deadline, f"process {self.pid} does not end"
            time.sleep(0.005)
        self.hears.close()


class Nursery:
    def __init__(self, log: Path) -> None:
        self.log = log
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with log.open("ab") as out, theirs:
            self.mother = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", MOTHER],
                cwd=ROOT,
                env={
                    **os.environ,
                    "DATABASE_URL": database_url(),
                    "DJANGO_SECRET_KEY": settings.SECRET_KEY,
                    "DJANGO_SETTINGS_MODULE": "aicost.settings",
                },
                stdin=theirs,
                stdout=out,
                stderr=out,
            )

    def fork(self, code: str, log: Path | None = None, environment=None, **changed) -> Child:
        """A child that runs `code`, with these settings changed."""
        told = {
            "code": code,
            "database": settings.DATABASES["default"]["NAME"],
            "home": str(settings.AICOST_HOME),
            "environment": environment or {},
            "settings": changed,
        }
        reads, tells = os.pipe()
        hears, writes = os.pipe()
        logs = os.open(log or self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        socket.send_fds(self.link, [json.dumps(told).encode()], [reads, writes, logs])
        for place in (reads, writes, logs):
            os.close(place)
        said = self.link.recv(64)
        assert said, self.log.read_text()[-3000:]
        return Child(int(said), tells, hears)

    def end(self) -> None:
        self.link.close()
        self.mother.wait(60)
