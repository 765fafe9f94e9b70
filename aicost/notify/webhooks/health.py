"""Endpoints that nobody answers at are switched off: by what became of their messages, so that
whoever looks finds the same."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min, Q
from django.urls import reverse

from aicost.accounts.audit import WEBHOOK_OFF, record
from aicost.kernel.periods import utc_now
from aicost.notify.channels.events import GONE
from aicost.notify.message import NOTICE, Message
from aicost.notify.models import Endpoint, Send
from aicost.notify.outbox import put
from aicost.notify.render import rendered
from aicost.notify.webhooks.endpoints import switch

# Nothing arrived for so long, and one more message was given up: it is switched off.
PATIENCE = timedelta(days=5)


def failing_since(endpoint: Endpoint) -> datetime | None:
    """Since when nothing arrives there, None where something did after the last that failed."""
    sends = Send.objects.filter(endpoint=endpoint, queued_at__gte=endpoint.active_from)
    arrived = sends.aggregate(at=Max("settled_at", filter=Q(state=Send.SENT)))["at"]
    given_up, tried = Q(state=Send.FAILED), Q(state=Send.QUEUED, tries__gt=0)
    if arrived is not None:
        given_up &= Q(settled_at__gt=arrived)
        tried &= Q(queued_at__gt=arrived)
    first = sends.filter(given_up | tried).aggregate(at=Min("queued_at"))["at"]
    return max(first, arrived) if first is not None and arrived is not None else first


def switch_off_silent(now: datetime | None = None) -> int:
    """How many were switched off."""
    now = now or utc_now()
    done = 0
    for endpoint in Endpoint.objects.filter(enabled=True, ended_at=None).order_by("pk"):
        if why := _why_off(endpoint, now):
            _off(endpoint, why, now)
            done += 1
    return done


def _why_off(endpoint: Endpoint, now: datetime) -> str:
    given_up = Send.objects.filter(
        endpoint=endpoint, state=Send.FAILED, queued_at__gte=endpoint.active_from
    )
    if given_up.filter(answered=GONE).exists():
        return "the other side answered 410 Gone: it wants no more messages"
    since = failing_since(endpoint)
    if (
        since is None
        or since > now - PATIENCE
        or not given_up.filter(settled_at__gte=since).exists()
    ):
        return ""
    return f"nothing arrived since {since:%Y-%m-%d %H:%M} UTC"


@transaction.atomic
def _off(endpoint: Endpoint, why: str, now: datetime) -> None:
    """Said in three places: on its page, in the audit trail, and to whoever made it."""
    switch(endpoint, False, why)
    record(None, WEBHOOK_OFF, str(endpoint), {"endpoint": endpoint.pk, "why": why})
    maker = endpoint.made_by
    if not maker.is_active or not maker.email:
        return
    message = Message(
        NOTICE,
        f"The webhook {endpoint} was switched off",
        f"{why[0].upper()}{why[1:]}. Messages that wait are not sent. Mend the program, switch the"
        " webhook on again, and replay what happened meanwhile.",
        why="You get this because you made the webhook.",
        url=f"{settings.AICOST_URL}{reverse('webhook', args=[endpoint.pk])}",
    )
    put(rendered(message), occasion=f"webhook {endpoint.pk} off {now.isoformat()}", now=now,
        user=maker)  # fmt: skip
