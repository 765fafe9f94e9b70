"""What people do with an alert. Each writes what it changed and one event, in one transaction."""

from collections.abc import Callable
from datetime import date, timedelta

from django.db import transaction

from aicost.kernel.periods import utc_now, utc_today
from attribution.alerting import outward
from attribution.alerting.feedback import learn
from attribution.alerting.states import figures_of
from attribution.models import Alert, AlertEvent
from attribution.models.alerts import (
    ACKNOWLEDGED,
    ASSIGNED,
    CLOSED,
    COMMENTED,
    EXPECTED,
    FEEDBACK,
    SNOOZED,
)

TEXT_MAX = 2_000
SNOOZE_DAYS_MAX = 90


class BadAction(ValueError):
    """What was asked of an alert cannot be done; the message says why."""


def acknowledge(alert_id: int, by) -> Alert:
    """Somebody looks at it. A second time changes nothing."""

    def change(alert: Alert) -> str | None:
        if alert.acknowledged_at is not None:
            return None
        alert.acknowledged_at, alert.acknowledged_by = utc_now(), by
        return ""

    return _done(alert_id, ACKNOWLEDGED, by, change)


def snooze(alert_id: int, until: date, by) -> Alert:
    """Silent before `until`, unless its impact doubles. Raises BadAction for a day not ahead."""
    today = utc_today()
    if not today < until <= today + timedelta(days=SNOOZE_DAYS_MAX):
        raise BadAction(f"snooze to a day after today, at most {SNOOZE_DAYS_MAX} days ahead")

    def change(alert: Alert) -> str:
        alert.snoozed_until = until
        return f"until {until}"

    return _done(alert_id, SNOOZED, by, change)


def assign(alert_id: int, to, by) -> Alert:
    """To a person, or to nobody with None."""

    def change(alert: Alert) -> str | None:
        if alert.assigned_to == to:
            return None
        alert.assigned_to = to
        return f"to {to}" if to is not None else "to nobody"

    return _done(alert_id, ASSIGNED, by, change)


def comment(alert_id: int, text: str, by) -> Alert:
    """Raises BadAction for no text, or too much of it."""
    said = text.strip()
    if not said or len(said) > TEXT_MAX:
        raise BadAction(f"write something, at most {TEXT_MAX:,} letters")
    return _done(alert_id, COMMENTED, by, lambda alert: said)


def close(alert_id: int, by) -> Alert:
    """Done with: it is told no more, whatever becomes of it."""

    def change(alert: Alert) -> str | None:
        if alert.state == CLOSED:
            return None
        alert.state = CLOSED
        return ""

    return _done(alert_id, CLOSED, by, change)


def give_feedback(alert_id: int, verdict: str, by, text: str = "") -> Alert:
    """Raises BadVerdict. What was expected is closed."""
    said = text.strip()[:TEXT_MAX]

    def change(alert: Alert) -> str:
        learn(alert, verdict, utc_today(), by, said)
        if verdict == EXPECTED:
            alert.state = CLOSED
        return f"{verdict}: {said}" if said else verdict

    return _done(alert_id, FEEDBACK, by, change)


def _done(alert_id: int, what: str, by, change: Callable[[Alert], str | None]) -> Alert:
    """Change the locked alert; no event where nothing changed (None)."""
    with transaction.atomic():
        alert = Alert.objects.select_for_update().get(pk=alert_id)
        text = change(alert)
        if text is None:
            return alert
        alert.save()
        event = AlertEvent.objects.create(
            alert=alert, what=what, by=by, text=text, figures=figures_of(alert),
            notifies=what in TOLD,
        )  # fmt: skip
        outward.tell(event)
        return alert


# Whom it concerns hears of these; the rest stands on its page.
TOLD = (ASSIGNED, COMMENTED)
