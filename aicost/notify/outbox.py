"""The outbox: a message is a row first, then it is sent, and the row says what became of it.

A send waits (`queued`), is `sending` under a lease, and ends `sent`, `failed` (given up: a dead
letter, which somebody may send again), `suppressed` (nobody is to get it any more) or `unknown`:
it was handed over and no answer came. No message is tried again that may have arrived, unless the
other side knows it by its id.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
import logging
import random
import time

from django.conf import settings
from django.db import connection, transaction

from aicost.accounts.models import User
from aicost.kernel.periods import utc_now
from aicost.kernel.sqlfiles import sql
from aicost.notify.channels import CHANNELS, EMAIL, kind_of
from aicost.notify.channels.base import Outgoing, SendError
from aicost.notify.message import EVENT, Message, of_json, one_line
from aicost.notify.models import Recipient, Send
from aicost.notify.unsealed import config_of, config_of_endpoint
from aicost.notify.webhooks.matching import wants
from aicost.notify.webhooks.payload import ordered

# Minutes from one try to the next: eight tries over a day.
WAITS_MINUTES = (1, 5, 20, 60, 180, 420, 754)
TRIES_MAX = len(WAITS_MINUTES) + 1
JITTER = 0.2  # of each wait, always shorter: the last try is within the day
SAID_CHARS_MAX = 500
UNSURE = (Send.FAILED, Send.UNKNOWN)
SENDING_SECONDS_MAX = 50  # of one run of the sender: the tick brings the next one

log = logging.getLogger(__name__)


class LeaseLost(RuntimeError):
    """Another worker took the send because its lease ran out: it is not handed over here."""


def put(
    message: Message,
    to: Recipient | None = None,
    *,
    occasion: str,
    now: datetime | None = None,
    user: User | None = None,
    address: str = "",
    channel=None,
    **more,
) -> Send | None:
    """A send of this message, or None where the same occasion has one already. To a recipient of a
    schedule or route, or, for a test, to a user, an address or a channel. Call it in the
    transaction that decides to send."""
    now = now or utc_now()
    user, channel = (to.user, to.channel) if to else (user, channel)
    address = (to.address if to else address) or (user.email if user else "")
    found, made = Send.objects.get_or_create(
        schedule=to.schedule if to else None,
        route=to.route if to else None,
        occasion=occasion,
        recipient=channel.name if channel else address,
        via=channel.kind if channel else EMAIL,
        defaults={
            "channel": channel,
            "user": user,
            "to": to,
            "subject": one_line(message.subject),
            "message": message.as_json(),
            "alert": message.alert,
            "queued_at": now,
            "next_try_at": now,
            **more,
        },
    )
    return found if made else None


def drain(worker: str, now: datetime | None = None) -> list[Send]:
    """Send what is due, one after the other, until nothing is left or the time is up."""
    until = time.monotonic() + SENDING_SECONDS_MAX
    mend(now or utc_now())
    done = []
    while time.monotonic() < until and (one := claim(worker, now or utc_now())) is not None:
        done.append(deliver(one, now))
    return done


def mend(now: datetime) -> list[int]:
    """Take back the sends whose worker vanished; returns their ids."""
    safe = [kind.name for kind in CHANNELS if kind.repeats_safely]
    return _returned("mend_sends", {"now": now, "safe": safe, "tries_max": TRIES_MAX})


def claim(worker: str, now: datetime) -> Send | None:
    """Take the send that waited longest and is due, or None."""
    lease = settings.AICOST_JOB_LEASE_SECONDS
    ids = _returned("claim_send", {"worker": worker, "now": now, "lease_seconds": lease})
    if not ids:
        return None
    found = Send.objects.select_related(
        "user", "channel", "endpoint", "happening", "to", "schedule", "route"
    )
    return found.get(pk=ids[0])


def deliver(send: Send, now: datetime | None = None) -> Send:
    """Send a claimed one and return it as it then stands. Never raises what a channel raises."""
    why_not = refused(send)
    try:
        if why_not:
            _settle(send, Send.SUPPRESSED, why_not, now)
            return Send.objects.get(pk=send.pk)
        kind = kind_of(send.via)
        said = kind.send(_outgoing(send), _config(send, now), lambda: _handing(send, now))
        _settle(send, Send.SENT, said, now)
    except LeaseLost as lost:
        log.warning("%s", lost)
    except SendError as error:
        _failed(send, error, now)
    except Exception as error:
        log.exception("send %s failed", send.pk)
        told = f"{type(error).__name__}: {error}"
        _failed(send, SendError(told, unknown=send.handed_at is not None), now)
    send.refresh_from_db()
    return send


def refused(send: Send) -> str:
    """Why nobody is to get it any more; '' when it may go."""
    if send.user is not None and not send.user.is_active:
        return f"{send.user.get_username()} has left"
    if send.to is not None and send.to.ended_at is not None:
        return "its recipient has ended it"
    if send.channel is not None and (send.channel.ended_at or not send.channel.enabled):
        return f"the channel {send.channel.name} is switched off"
    if send.endpoint is not None and (send.endpoint.ended_at or not send.endpoint.enabled):
        return f"the webhook {send.endpoint} is switched off"
    if send.happening is not None and not wants(send.endpoint, send.happening):
        return f"the webhook {send.endpoint} hears of it no more"
    for one in (send.schedule, send.route):
        if one is not None and one.ended_at is not None:
            return f"{one.name} has ended"
        if one is not None and not one.owner.is_active and send.user is None:
            return f"{one.owner.get_username()}, whose view of the ledger it shows, has left"
    return "" if send.recipient else "there is no address"


def _config(send: Send, now: datetime | None) -> Mapping:
    if send.endpoint is not None:
        return config_of_endpoint(send.endpoint, now or utc_now())
    return config_of(send.channel)


def _outgoing(send: Send) -> Outgoing:
    key = str(send.message_id)
    if send.endpoint is not None:
        words = Message(EVENT, send.subject)
        return Outgoing(key, send.recipient, words, send.queued_at, payload=ordered(send.message))
    message = of_json(send.message)
    thread = ""
    if send.alert:
        first = Send.objects.filter(
            recipient=send.recipient, via=send.via, alert=send.alert, pk__lt=send.pk
        ).order_by("pk")[:1]
        thread = next((str(one.message_id) for one in first), "")
    return Outgoing(key, send.recipient, message, send.queued_at, thread)


def _held(send: Send):
    """The row as long as this worker holds it: `tries` tells one claim from the next."""
    return Send.objects.filter(
        pk=send.pk, state=Send.SENDING, claimed_by=send.claimed_by, tries=send.tries
    )


def _handing(send: Send, now: datetime | None) -> None:
    """Write down that from here on it may have arrived; committed before a byte leaves."""
    if connection.in_atomic_block:
        raise RuntimeError(
            "a send is handed over outside of transactions, or nothing of it is kept"
        )
    now = now or utc_now()
    lease = now + timedelta(seconds=settings.AICOST_JOB_LEASE_SECONDS)
    if not _held(send).update(handed_at=now, lease_until=lease):
        raise LeaseLost(f"send {send.pk} was taken from {send.claimed_by}")
    send.handed_at = now


def _settle(send: Send, state: str, said: str, now: datetime | None, status: int = 0) -> None:
    now = now or utc_now()
    values = {"state": state, "settled_at": now, "said": said, "answered": status or None}
    _note(send, now, f"{state}: {said}", lease_until=None, **values)


def _failed(send: Send, error: SendError, now: datetime | None) -> None:
    """Try again later, or give up: visibly, with the error."""
    said = str(error)[:SAID_CHARS_MAX]
    if error.unknown and not kind_of(send.via).repeats_safely:
        _settle(send, Send.UNKNOWN, f"{said}. It may have arrived", now)
    elif error.permanent or send.tries >= TRIES_MAX:
        _settle(send, Send.FAILED, said, now, error.status)
    else:
        at = now or utc_now()
        wait = max(wait_of(send.tries), timedelta(seconds=error.wait_seconds))
        values = {"state": Send.QUEUED, "next_try_at": at + wait, "said": said, "handed_at": None}
        values["answered"] = error.status or None
        _note(send, at, f"try {send.tries}: {said}", lease_until=None, **values)
        if not error.status:
            _hold_back(send, at + wait)


def _hold_back(send: Send, until: datetime) -> None:
    """Where nobody answers nobody is asked again for each message that waits: they would keep the
    others from being sent. They go before this one, which may be what it chokes on."""
    if send.endpoint_id is not None:
        waiting = Send.objects.filter(endpoint=send.endpoint_id, state=Send.QUEUED)
        waiting = waiting.filter(next_try_at__lt=until).exclude(pk=send.pk)
        waiting.update(next_try_at=until - timedelta(seconds=1))


def wait_of(tries: int) -> timedelta:
    """How long to wait after so many tries."""
    minutes = WAITS_MINUTES[min(tries, len(WAITS_MINUTES)) - 1]
    return timedelta(minutes=minutes * (1 - JITTER * random.random()))


def _note(send: Send, now: datetime, what: str, **values) -> None:
    history = [*send.history, [f"{now:%Y-%m-%dT%H:%M:%SZ}", what[:SAID_CHARS_MAX]]]
    if not _held(send).update(history=history, **values):
        log.warning("send %s was taken from %s: %s", send.pk, send.claimed_by, what)


@transaction.atomic
def again(send: Send, by: User, now: datetime | None = None, only: Iterable[str] = UNSURE) -> bool:
    """Let somebody send a dead letter, or one whose fate is unknown, again; False when it is
    neither any more (or in none of the states `only`)."""
    values = {"state": Send.QUEUED, "tries": 0, "settled_at": None}
    return _taken(send, by, "send again", now, only, **values)


@transaction.atomic
def arrived(send: Send, by: User, now: datetime | None = None) -> bool:
    """Let somebody say that one whose fate is unknown did arrive."""
    return _taken(send, by, "it arrived", now, only=(Send.UNKNOWN,), state=Send.SENT)


def _taken(
    send: Send,
    by: User,
    what: str,
    now: datetime | None,
    only: Iterable[str],
    **values: Mapping,
) -> bool:
    now = now or utc_now()
    found = Send.objects.select_for_update().filter(pk=send.pk, state__in=only).first()
    if found is None:
        return False
    told = [f"{now:%Y-%m-%dT%H:%M:%SZ}", f"{by.get_username()}: {what}"]
    values |= {"next_try_at": now, "handed_at": None, "history": [*found.history, told]}
    Send.objects.filter(pk=send.pk).update(**values)
    return True


def _returned(name: str, values: dict) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.notify", name), values)
        return [row[0] for row in cursor.fetchall()]
