"""Digests that fall due become sends. Any number of beats may ask: a schedule is locked while its
sends are written, and a send stands once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
import logging
from uuid import uuid4

from django.db import transaction

from aicost.accounts.company import zone_of
from aicost.accounts.models import User
from aicost.kernel.periods import utc_now
from aicost.notify.digests.build import Reader, build, reader_of, ready_for
from aicost.notify.digests.subject import NoSubject, ask_of
from aicost.notify.due import PATIENCE, Due, following, latest
from aicost.notify.message import Message
from aicost.notify.models import Recipient, Schedule, Send
from aicost.notify.outbox import put

log = logging.getLogger(__name__)


@dataclass
class Done:
    """What one look at the schedules did: sends written, recipients that wait for data."""

    written: int = 0
    waiting: int = 0
    failed: int = 0


def send_due(now: datetime | None = None) -> Done:
    """Write the sends of all digests that are due."""
    now, done = now or utc_now(), Done()
    running = Schedule.objects.filter(enabled=True, ended_at=None, active_from__lte=now)
    for pk in running.order_by("pk").values_list("pk", flat=True):
        try:
            with transaction.atomic():
                _one(pk, now, done)
        except Exception as error:
            log.exception("the digest of schedule %s failed", pk)
            done.failed += 1
            told = str(error) if isinstance(error, NoSubject) else "see the log of the worker"
            Schedule.objects.filter(pk=pk).update(problem=told[:500])
    return done


def _one(pk: int, now: datetime, done: Done) -> None:
    found = Schedule.objects.select_for_update(skip_locked=True, of=("self",))
    schedule = found.select_related("owner", "view").filter(pk=pk).first()
    if schedule is None or not schedule.enabled or schedule.ended_at:
        return
    for recipient, due in _due_now(schedule, now):
        reader = reader_of(recipient, schedule)
        ready = ready_for(schedule, due.period, reader.user)
        if not ready.complete and now < due.at + PATIENCE:
            done.waiting += 1
            continue
        digest = build(schedule, due.period, reader)
        sent = put(
            digest.message,
            recipient,
            occasion=due.period.start.isoformat(),
            now=now,
            partial=not digest.ready.complete,
        )
        done.written += sent is not None
    if schedule.problem:
        Schedule.objects.filter(pk=pk).update(problem="")


def _due_now(schedule: Schedule, now: datetime) -> Iterable[tuple[Recipient, Due]]:
    """Recipients whose digest is due and not written yet."""
    recipients = schedule.recipients.filter(ended_at=None).select_related("user", "channel")
    for recipient in recipients.order_by("pk"):
        due = due_of(schedule, recipient, now)
        if due.at < max(schedule.active_from, recipient.made_at):
            continue
        if recipient.user is not None and not recipient.user.is_active:
            continue
        occasion = due.period.start.isoformat()
        if not Send.objects.filter(to=recipient, occasion=occasion).exists():
            yield recipient, due


def due_of(schedule: Schedule, recipient: Recipient, now: datetime) -> Due:
    zone = zone_of(recipient.user or schedule.owner)
    return latest(schedule.cadence, schedule.hour, zone, now)


def next_of(schedule: Schedule, user: User, now: datetime) -> Due:
    """When it falls due next for somebody."""
    return following(schedule.cadence, schedule.hour, zone_of(user), now)


def check(schedule: Schedule, user: User) -> None:
    """Raises `NoSubject` where no digest can be made."""
    ask_of(schedule, latest(schedule.cadence, 0, zone_of(user), utc_now()).period, user)


def preview(schedule: Schedule, user: User, now: datetime | None = None) -> Message:
    """The last one that fell due, as this person would have it. Raises `NoSubject`."""
    due = latest(schedule.cadence, schedule.hour, zone_of(user), now or utc_now())
    return build(schedule, due.period, Reader(user)).message


def send_me(schedule: Schedule, user: User, now: datetime | None = None) -> Send | None:
    """A test: the same message, to whoever asks. Raises `NoSubject`."""
    message = preview(schedule, user, now)
    told = replace(message, subject=f"Test: {message.subject}", headers={})
    return put(told, occasion=f"test {uuid4()}", now=now, user=user)
