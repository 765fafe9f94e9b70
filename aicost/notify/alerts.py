"""Alerts on their way to people: dedupe, group, route, hold, tell.

Each event of an alert that people are to be told of is matched with the routes once. A recipient
gets an event once, whatever routes it fits; what may go at the same moment goes as one message.
Quiet hours hold all but critical ones. Whose alert it becomes hears of that whatever routes say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
import logging

from django.db import transaction
from django.db.models import Exists, OuterRef

from aicost.accounts.company import zone_of
from aicost.accounts.scope import asker_of
from aicost.kernel.periods import utc_now
from aicost.notify.alert_words import assigned, bundled, told
from aicost.notify.channels import kind_of
from aicost.notify.models import (
    AlertItem,
    Preference,
    Recipient,
    Route,
    Routed,
    Send,
)
from aicost.notify.outbox import put
from attribution.models import Alert, AlertEvent
from attribution.models.alerts import ASSIGNED, OPENED, RESOLVED, SEVERITIES, UPDATED

TOLD = (OPENED, UPDATED, RESOLVED)
# An event older than this is not looked at any more.
LOOKS_BACK = timedelta(days=7)
BUNDLE_MAX = 20
CRITICAL = SEVERITIES[0]

log = logging.getLogger(__name__)


@dataclass
class Done:
    """What one look did: events matched, sends written, items that wait for the end of quiet."""

    events: int = 0
    written: int = 0
    held: int = 0


def route_alerts(now: datetime | None = None) -> Done:
    """Match new events with the routes, then write the sends of all that may go."""
    now, done = now or utc_now(), Done()
    seen = Routed.objects.filter(event=OuterRef("pk"))
    new = AlertEvent.objects.filter(
        notifies=True, what__in=(*TOLD, ASSIGNED), at__gt=now - LOOKS_BACK
    )
    for pk in new.filter(~Exists(seen)).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            done.events += _match(pk, now)
    with transaction.atomic():
        _release(now, done)
    return done


def _match(pk: int, now: datetime) -> int:
    """Make the items of one event; 0 where another process has done so."""
    event = AlertEvent.objects.select_related("alert").get(pk=pk)
    _, made = Routed.objects.get_or_create(event=event, defaults={"at": now})
    if not made:
        return 0
    if event.what == ASSIGNED:
        _tell_assignee(event, now)
        return 1
    for recipient in recipients_of(event):
        release = now if is_critical(event) else after_quiet(recipient, now)
        AlertItem.objects.create(event=event, to=recipient, release_at=release)
    return 1


def _tell_assignee(event: AlertEvent, now: datetime) -> None:
    """One message to the person whose alert it became: not to who took it themselves, not if it is
    somebody else's again by now, and not of rows that they do not see."""
    alert, person = event.alert, event.alert.assigned_to
    if person is None or person == event.by or event.text != f"to {person}":
        return
    teams = asker_of(person).teams
    if not person.is_active or (teams is not None and alert.team not in teams):
        return
    mine = Preference.objects.filter(user=person).first()
    at = now
    if mine and mine.quiet_from and mine.quiet_to and alert.severity != CRITICAL:
        at = quiet_until(mine.quiet_from, mine.quiet_to, now.astimezone(zone_of(person)))
    occasion = f"event {event.pk}"
    put(assigned(event), occasion=occasion, user=person, now=now, next_try_at=at)


def is_critical(event: AlertEvent) -> bool:
    return event.what != RESOLVED and event.alert.severity == CRITICAL


def recipients_of(event: AlertEvent) -> list[Recipient]:
    """Everybody whom a route has this event for: once each, by the first route."""
    routes = Route.objects.filter(enabled=True, ended_at=None, active_from__lte=event.at)
    found: dict[tuple, Recipient] = {}
    for route in routes.select_related("owner").order_by("pk"):
        if not fits(route, event.alert):
            continue
        recipients = route.recipients.filter(ended_at=None).select_related("user", "channel")
        for one in recipients.order_by("pk"):
            one.route = route
            key = (one.user_id, one.address, one.channel_id)
            if key not in found and wants(one, event):
                found[key] = one
    return list(found.values())


def fits(route: Route, alert: Alert) -> bool:
    if route.team and route.team != alert.team:
        return False
    if route.dimension and (route.dimension, route.target) != (alert.level, alert.name):
        return False
    return not route.severity or at_least(alert.severity, route.severity)


def at_least(severity: str, wanted: str) -> bool:
    return SEVERITIES.index(severity) <= SEVERITIES.index(wanted)


def wants(recipient: Recipient, event: AlertEvent) -> bool:
    """Whether they may see it, want it, and know what it goes on about: that an alert is over is
    news only to who heard of it."""
    alert, reader = event.alert, recipient.user or recipient.route.owner
    teams = asker_of(reader).teams
    if not reader.is_active or (teams is not None and alert.team not in teams):
        return False
    mine = _preference(recipient)
    if mine is not None and not mine.alerts:
        return False
    if mine is not None and mine.severity and not at_least(alert.severity, mine.severity):
        return False
    if event.what != RESOLVED:
        return True
    return AlertItem.objects.filter(event__alert=alert, **_same(recipient)).exists()


def _same(recipient: Recipient) -> dict:
    """All recipients that are the same person, address or channel, whatever the route."""
    return {
        "to__user": recipient.user,
        "to__address": recipient.address,
        "to__channel": recipient.channel,
    }


def _preference(recipient: Recipient) -> Preference | None:
    if recipient.user is None:
        return None
    return Preference.objects.filter(user=recipient.user).first()


def after_quiet(recipient: Recipient, now: datetime) -> datetime:
    """When it may go: now, or at the end of the quiet hours, a person's own before the route's."""
    mine, route = _preference(recipient), recipient.route
    hours = (mine.quiet_from, mine.quiet_to) if mine and mine.quiet_from else None
    start, end = hours or (route.quiet_from, route.quiet_to)
    if start is None or end is None:
        return now
    return quiet_until(start, end, now.astimezone(zone_of(recipient.user or route.owner)))


def quiet_until(start: time, end: time, local: datetime) -> datetime:
    """The end of quiet hours that a moment is in, in UTC; the moment itself outside of them. They
    may go over midnight."""
    at = local.time().replace(tzinfo=None)
    inside = start <= at < end if start < end else at >= start or at < end
    if not inside:
        return local.astimezone(UTC)
    day = local.date() + timedelta(days=1 if at >= end else 0)
    return datetime.combine(day, end, tzinfo=local.tzinfo).astimezone(UTC)


def _release(now: datetime, done: Done) -> None:
    """Write the sends of all items that may go, those of one recipient as one message."""
    waiting = AlertItem.objects.filter(send=None).select_for_update(of=("self",), skip_locked=True)
    waiting = waiting.select_related("event__alert", "to__user", "to__channel", "to__route__owner")
    by_recipient: dict[tuple, list[AlertItem]] = {}
    for item in waiting.order_by("pk"):
        if item.release_at > now:
            done.held += 1
            continue
        one = item.to
        by_recipient.setdefault((one.user_id, one.address, one.channel_id), []).append(item)
    for items in by_recipient.values():
        for group in _groups(items):
            send = _written(group, now)
            AlertItem.objects.filter(pk__in=[one.pk for one in group]).update(send=send)
            done.written += 1


def _groups(items: list[AlertItem]) -> Iterable[list[AlertItem]]:
    channel = items[0].to.channel
    size = BUNDLE_MAX if channel is None or kind_of(channel.kind).bundles else 1
    for at in range(0, len(items), size):
        yield items[at : at + size]


def _written(items: list[AlertItem], now: datetime) -> Send:
    """One alert is a message of its own; several are one."""
    first = items[0]
    message = told(first.event, first.to) if len(items) == 1 else bundled(items)
    occasion = f"event {first.event_id}"
    send = put(message, first.to, occasion=occasion, now=now)
    return send or Send.objects.get(to=first.to, occasion=occasion)
