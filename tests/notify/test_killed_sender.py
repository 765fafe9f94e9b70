"""The sender is killed with -9 in the middle of its work, again and again: no message is sent
twice, none is lost, and where nobody can know whether one arrived, that is what its row says.

The mail server says where the sender is: it has named the recipient (nothing is accepted yet), its
message is accepted and the answer is on its way (the case nobody can know), or it was answered.
"""

import asyncio
from collections import Counter
import os
from pathlib import Path
import random
import signal
import subprocess
import sys
import threading
import time

from django.conf import settings as django_settings
import pytest

from aicost.notify.message import TEST, Message
from aicost.notify.models import Send
from aicost.notify.outbox import put
from aicost.runtime.database import broker_url
from tests.notify.mailbox import Mailbox, serving_mail

KILLS = int(os.environ.get("AICOST_SENDER_KILLS", "5"))
SEED = int(os.environ.get("AICOST_SENDER_SEED", "1"))
ROOT = Path(__file__).resolve().parent.parent.parent
LEASE_SECONDS, LINGERS_SECONDS, PATIENCE_SECONDS = 1, 0.4, 60
POINTS = ("named", "accepted", "answered")
# Imports once; each line it reads is a sender of its own, a process that is there to be killed.
SENDER = """
import django, os, sys, time
django.setup()
from aicost.jobs.work import worker_name
from aicost.notify.outbox import drain
print(0, flush=True)
for _ in sys.stdin:
    pid = os.fork()
    while not pid:
        drain(worker_name())
        time.sleep(0.02)
    print(pid, flush=True)
    os.waitpid(pid, 0)
"""

pytestmark = pytest.mark.django_db(transaction=True)


class Watched(Mailbox):
    """A mail server that lingers where the sender is to be killed."""

    def __init__(self) -> None:
        super().__init__()
        self.at, self.there = "", threading.Event()

    def wait_at(self, point: str) -> None:
        self.there.clear()
        self.at = point

    async def _reached(self, point: str) -> None:
        if self.at == point:
            self.there.set()
            await asyncio.sleep(LINGERS_SECONDS)

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        await self._reached("named")
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        await self._reached("accepted")
        if self.at == "answered":
            self.there.set()
        return answer


class Senders:
    """Real sender processes on the test's own database, one after the other."""

    def __init__(self, port: int, log: Path) -> None:
        database = broker_url(django_settings.DATABASES["default"])
        environment = {
            **os.environ,
            "DATABASE_URL": database.removeprefix("sqla+").replace("+psycopg", "", 1),
            "DJANGO_SETTINGS_MODULE": "aicost.settings",
            "AICOST_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            "AICOST_SMTP_URL": f"smtp://127.0.0.1:{port}",
        }
        self.log, self.pid = log, 0
        with log.open("wb") as out:
            self.mother = subprocess.Popen(
                [sys.executable, "-c", SENDER],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
            )
        self.mother.stdout.readline()

    def start(self) -> None:
        self.mother.stdin.write("\n")
        self.mother.stdin.flush()
        self.pid = int(self.mother.stdout.readline())

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        if self.pid:
            self.kill()
        self.mother.kill()
        self.mother.wait()


def told(log: Path) -> str:
    """Where all messages are, and what the senders wrote."""
    rows = Send.objects.order_by("pk").values_list("pk", "state", "tries", "said")
    return f"{list(rows)}\n{log.read_text()[-3000:]}"


def waiting() -> int:
    return Send.objects.filter(state__in=(Send.QUEUED, Send.SENDING)).count()


def test_no_message_is_sent_twice_and_what_nobody_can_know_is_flagged(tmp_path):
    chance = random.Random(SEED)
    for n in range(KILLS * 4):
        message = Message(TEST, f"Message {n}", text=f"{n}\n")
        put(message, occasion=f"{n}", address=f"p{n}@example.com")
    with serving_mail(Watched()) as box:
        senders = Senders(box.port, tmp_path / "log")
        try:
            for n in range(KILLS):
                box.wait_at(POINTS[n % len(POINTS)])
                senders.start()
                assert box.there.wait(PATIENCE_SECONDS), told(senders.log)
                time.sleep(chance.uniform(0, LINGERS_SECONDS / 8))
                senders.kill()
            box.wait_at("")
            senders.start()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while waiting() and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            senders.end()
        _check(box, senders.log)


def _check(box: Mailbox, log: Path) -> None:
    assert waiting() == 0, told(log)
    got = Counter(one["Message-ID"] for one in box.mails)
    assert max(got.values()) == 1
    ended = dict(Send.objects.values_list("message_id", "state"))
    assert set(ended.values()) <= {Send.SENT, Send.UNKNOWN}
    for key, state in ended.items():
        if state == Send.SENT:
            assert got[f"<{key}@localhost>"] == 1
    unknown = [key for key, state in ended.items() if state == Send.UNKNOWN]
    accepted = KILLS // len(POINTS) + (KILLS % len(POINTS) > POINTS.index("accepted"))
    assert accepted <= len(unknown) <= KILLS
    assert all(
        "may have arrived" in said
        for said in Send.objects.filter(state=Send.UNKNOWN).values_list("said", flat=True)
    )
