"""What an alert says when it is sent: one by itself, or several as one message."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from aicost.notify.message import ALERT, BUNDLE, Fact, Item, Message, Section
from aicost.notify.models import AlertItem, Recipient
from aicost.notify.render import rendered
from aicost.notify.unsubscribe import address_of, mail_headers
from aicost.web import numbers
from attribution.models import Alert, AlertEvent
from attribution.models.alerts import OPENED, RESOLVED, SEVERITIES, UPDATED

STATUS = {OPENED: "opened", UPDATED: "updated", RESOLVED: "resolved"}
BEGINS = {OPENED: "{severity}", UPDATED: "{severity}, now larger", RESOLVED: "Resolved"}
ITEMS_MAX = 20


def told(event: AlertEvent, to: Recipient) -> Message:
    """One event as a message of its own."""
    alert = event.alert
    message = Message(
        ALERT,
        subject_of(event),
        event.text,
        facts_of(event, has_login(to)),
        notes=(alert.rule,) if alert.rule else (),
        why=why(alert, to),
        url=address(alert) if has_login(to) else "",
        severity=alert.severity,
        status=STATUS[event.what],
        alert=f"aicost-alert-{alert.pk}",
        headers=mail_headers(to),
    )
    return rendered(message, unsubscribe=address_of(to))


def assigned(event: AlertEvent) -> Message:
    """To the person whose alert it is now."""
    alert = event.alert
    by = f"{event.by.get_username()} assigned" if event.by else "Somebody assigned"
    message = Message(
        ALERT,
        f"Assigned to you: {alert.title}",
        f"{by} this alert to you.",
        facts_of(event, links=True),
        notes=(alert.rule,) if alert.rule else (),
        why="You get this because the alert is yours now, whatever routes say.",
        url=address(alert),
        severity=alert.severity,
        status="assigned",
        alert=f"aicost-alert-{alert.pk}",
    )
    return rendered(message)


def bundled(items: Sequence[AlertItem]) -> Message:
    """Several events as one message, the worst first; of one alert only what it came to."""
    to = items[0].to
    last: dict[int, AlertEvent] = {one.event.alert_id: one.event for one in items}
    events = sorted(last.values(), key=_worst_first)
    opened = [one for one in events if one.what != RESOLVED]
    over = [one for one in events if one.what == RESOLVED]
    parts = [numbers.plural(len(opened), "alert")] if opened else []
    parts += [f"{len(over)} resolved"] if over else []
    sections = [
        Section(title, tuple(_item(one, has_login(to)) for one in group[:ITEMS_MAX]))
        for title, group in (("Open", opened), ("Resolved", over))
        if group
    ]
    worst = events[0].alert
    message = Message(
        BUNDLE,
        f"{', '.join(parts)}; first {worst.title}",
        "They came together, or while it was quiet.",
        sections=tuple(sections),
        why=why(worst, to),
        url=f"{settings.AICOST_URL}{reverse('anomalies')}" if has_login(to) else "",
        severity=worst.severity,
        headers=mail_headers(to),
    )
    return rendered(message, unsubscribe=address_of(to))


def _worst_first(event: AlertEvent) -> tuple:
    impact = amount(event.figures, "excess")
    return SEVERITIES.index(event.alert.severity), -abs(impact or Decimal(0)), event.pk


def _item(event: AlertEvent, links: bool) -> Item:
    currency = event.figures.get("currency", "")
    impact = amount(event.figures, "excess")
    shown = numbers.change(impact, currency) if impact is not None else ""
    text = f"{event.alert.severity.capitalize()}: {event.alert.title}"
    return Item(text, shown, address(event.alert) if links else "")


def subject_of(event: AlertEvent) -> str:
    begins = BEGINS[event.what].format(severity=event.alert.severity.capitalize())
    return f"{begins}: {event.alert.title}"


def facts_of(event: AlertEvent, links: bool) -> tuple[Fact, ...]:
    """The alert as it stood when this happened."""
    alert, told, url = event.alert, event.figures, address(event.alert) if links else ""
    currency = told.get("currency") or alert.currency
    found = []
    for name, title in (("actual", "Actual"), ("expected", "Expected")):
        value = amount(told, name)
        if value is not None:
            found.append(Fact(title, numbers.money(value, currency), url=url))
    excess, percent = amount(told, "excess"), amount(told, "percent")
    if excess is not None:
        share = numbers.change(percent, "", 1) + "%" if percent is not None else ""
        found.append(Fact("Difference", numbers.change(excess, currency), share))
    days = numbers.day(alert.onset)
    if alert.last != alert.onset:
        days += f" to {numbers.day(alert.last)}"
    found.append(Fact("Days", days))
    if alert.estimate:
        found.append(Fact("Figures", "estimate; the bill of these days is to come"))
    for title, value in (("Team", alert.team), ("Owner", alert.owner)):
        found += [Fact(title, value)] if value else []
    return tuple(found)


def amount(figures: Mapping, name: str) -> Decimal | None:
    value = figures.get(name)
    return None if value is None else Decimal(value)


def has_login(to: Recipient) -> bool:
    return not to.address


def address(alert: Alert) -> str:
    try:
        path = reverse("alert", args=[alert.pk])
    except NoReverseMatch:
        path = reverse("anomalies")
    return f"{settings.AICOST_URL}{path}"


def why(alert: Alert, to: Recipient) -> str:
    """Which route brought it, and why the alert is told at all."""
    route = to.route
    fits = [f"of team {route.team}"] if route.team else []
    fits += [f"of {route.dimension} {route.target}"] if route.target else []
    fits += [f"of severity {route.severity} or worse"] if route.severity else []
    which = " ".join(fits) or "of everything"
    told = f"You get this because the route “{route.name}” sends alerts {which} to {to}."
    return f"{told} {alert.why_notified}".strip()
