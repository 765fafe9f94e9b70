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
import threading
import time

import pytest

from aicost.notify.message import TEST, Message
from aicost.notify.models import Send
from aicost.notify.outbox import put
from tests.notify.mailbox import Mailbox, serving_mail

KILLS = int(os.environ.get("AICOST_SENDER_KILLS", "5"))
SEED = int(os.environ.get("AICOST_SENDER_SEED", "1"))
LEASE_SECONDS, LINGERS_SECONDS, PATIENCE_SECONDS = 1, 0.4, 60
POINTS = ("named", "accepted", "answered")
SENDER = """
from aicost.jobs.work import worker_name
from aicost.notify.outbox import drain
while True:
    drain(worker_name())
    time.sleep(0.02)
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


def told(log: Path) -> str:
    """Where all messages are, and what the senders wrote."""
    rows = Send.objects.order_by("pk").values_list("pk", "state", "tries", "said")
    return f"{list(rows)}\n{log.read_text()[-3000:]}"


def waiting() -> int:
    return Send.objects.filter(state__in=(Send.QUEUED, Send.SENDING)).count()


def until_all_are_sent() -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_no_message_is_sent_twice_and_what_nobody_can_know_is_flagged(nursery, tmp_path):
    chance = random.Random(SEED)
    for n in range(KILLS * 4):
        message = Message(TEST, f"Message {n}", text=f"{n}\n")
        put(message, occasion=f"{n}", address=f"p{n}@example.com")
    log = tmp_path / "log"
    with serving_mail(Watched()) as box:
        mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": box.port}

        for point in [*(POINTS[n % len(POINTS)] for n in range(KILLS)), ""]:
            box.wait_at(point)
            sender = nursery.fork(SENDER, log=log, AICOST_JOB_LEASE_SECONDS=LEASE_SECONDS, **mail)
            try:
                if point:
                    assert box.there.wait(PATIENCE_SECONDS), told(log)
                    time.sleep(chance.uniform(0, LINGERS_SECONDS / 8))
                else:
                    until_all_are_sent()
            finally:
                sender.kill()
        _check(box, log)


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
