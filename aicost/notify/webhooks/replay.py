"""Send again: one message, or all that happened in a span."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from aicost.accounts.models import User
from aicost.happenings.models import Happening
from aicost.kernel.periods import utc_now
from aicost.notify.models import Endpoint, Send
from aicost.notify.outbox import again
from aicost.notify.webhooks.matching import put_event, wants

MESSAGES_MAX = 10_000
NOT_ARRIVED = (Send.FAILED, Send.UNKNOWN, Send.SUPPRESSED)
SETTLED = (*NOT_ARRIVED, Send.SENT)


class BadReplay(ValueError):
    """It cannot be done; the message says why and what to do."""


@dataclass(frozen=True)
class Replayed:
    """Messages sent again, and those of what happened while the endpoint was off or not there."""

    again: int = 0
    new: int = 0


def replay_one(send: Send, by: User, now: datetime | None = None) -> bool:
    """False for one that still waits. With the same id, by which a program knows what it has.
    Raises `BadReplay`."""
    endpoint = Endpoint.objects.get(pk=send.endpoint_id)
    _refuse_off(endpoint)
    if send.happening is not None and not wants(endpoint, send.happening):
        raise BadReplay("the endpoint hears of it no more: give it the type and the teams first")
    return again(send, by, now, SETTLED)


@transaction.atomic
def replay_span(
    endpoint: Endpoint,
    start: datetime,
    end: datetime,
    by: User,
    *,
    all_of_it: bool = False,
    now: datetime | None = None,
) -> Replayed:
    """What happened from `start` to before `end` and did not arrive; with `all_of_it` also what
    did. Raises `BadReplay`."""
    _refuse_off(endpoint)
    if end <= start:
        raise BadReplay("the span ends before it begins")
    now = now or utc_now()
    found = Happening.objects.filter(at__gte=start, at__lt=end).order_by("pk")
    wanted = [one for one in found[: MESSAGES_MAX * 10] if wants(endpoint, one)]
    if len(wanted) > MESSAGES_MAX:
        raise BadReplay(f"more than {MESSAGES_MAX:,} messages: take a shorter span")
    resent = new = 0
    for one in wanted:
        send, fresh = put_event(endpoint, one, now)
        new += fresh
        resent += not fresh and again(send, by, now, SETTLED if all_of_it else NOT_ARRIVED)
    return Replayed(resent, new)


def _refuse_off(endpoint: Endpoint) -> None:
    if endpoint.ended_at is not None or not endpoint.enabled:
        raise BadReplay("the endpoint is switched off: switch it on first")
