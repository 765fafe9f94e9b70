"""Happenings become messages to endpoints: each once to each that wants it. Any number of beats
may ask: a happening is locked while its messages are written, and each stands once."""

from datetime import datetime

from django.db import transaction

from aicost.happenings.models import Happening
from aicost.kernel.periods import utc_now
from aicost.notify.channels import EVENTS
from aicost.notify.models import Endpoint, Send
from aicost.notify.webhooks.payload import payload_of, subject_of

AT_ONCE_MAX = 2_000  # of one run: the next tick goes on


def tell_endpoints(now: datetime | None = None) -> int:
    """Write the messages of all happenings that nobody was told of; how many messages."""
    now, written = now or utc_now(), 0
    new = Happening.objects.filter(told_at=None).order_by("pk").values_list("pk", flat=True)
    for pk in new[:AT_ONCE_MAX]:
        with transaction.atomic():
            written += _match(pk, now)
    return written


def _match(pk: int, now: datetime) -> int:
    waiting = Happening.objects.select_for_update(skip_locked=True).filter(told_at=None)
    one = waiting.filter(pk=pk).first()
    if one is None:
        return 0
    hearing = Endpoint.objects.filter(ended_at=None, enabled=True, active_from__lte=one.at)
    made = [put_event(e, one, now) for e in hearing.order_by("pk") if wants(e, one)]
    one.told_at = now
    one.save(update_fields=["told_at"])
    return sum(fresh for _, fresh in made)


def wants(endpoint: Endpoint, one: Happening) -> bool:
    """Whether it is of a type and of money that this endpoint hears of. What is the company's, or
    of several teams of which it hears not all, an endpoint of teams never does."""
    if endpoint.types and one.type not in endpoint.types:
        return False
    return endpoint.teams is None or (bool(one.teams) and set(one.teams) <= set(endpoint.teams))


def put_event(endpoint: Endpoint, one: Happening, now: datetime) -> tuple[Send, bool]:
    """The message of a happening to an endpoint, and whether it is new."""
    return Send.objects.get_or_create(
        endpoint=endpoint,
        happening=one,
        defaults={
            "occasion": f"happening {one.pk} for endpoint {endpoint.pk}",
            "recipient": endpoint.address,
            "via": EVENTS,
            "subject": subject_of(one),
            "message": payload_of(one),
            "queued_at": now,
            "next_try_at": now,
        },
    )
