"""What happens to an alert, said to programs: in the transaction that writes its event."""

from decimal import Decimal

from aicost.happenings.tell import happened, was_told
from aicost.kernel.money import plain
from attribution.models import AlertEvent
from attribution.models.alerts import ANNOTATED, OPENED, RESOLVED, UPDATED

# What the ledger says by itself. Programs hear of it as people do; whatever follows they hear too,
# so that a ticket of theirs ends when the alert does.
SPOKEN = (OPENED, UPDATED, RESOLVED, ANNOTATED)
MONEY = ("expected", "actual", "excess", "percent", "monthly")


def tell(event: AlertEvent) -> None:
    alert = event.alert
    subject = f"alert {alert.pk}"
    if not ((event.notifies and event.what in SPOKEN) or was_told(subject)):
        return
    happened(
        f"alert.{event.what}",
        f"alert event {event.pk}",
        data_of(event),
        subject=subject,
        teams=[alert.team] if alert.team else [],
    )


def data_of(event: AlertEvent) -> dict:
    """The alert as it stood; figures are those of its event."""
    alert = event.alert
    return {
        "alert": alert.pk,
        "title": alert.title,
        "state": alert.state,
        "kind": alert.kind,
        "level": alert.level,
        "name": alert.name,
        "onset": alert.onset.isoformat(),
        "last": alert.last.isoformat(),
        "team": alert.team,
        "owner": alert.owner,
        "assigned_to": alert.assigned_to.get_username() if alert.assigned_to else "",
        "incident": alert.incident,
        "estimate": alert.estimate,
        "text": event.text,
        "by": event.by.get_username() if event.by else "",
        **{name: event.figures[name] for name in ("severity", "currency")},
        **{name: _plain(event.figures[name]) for name in MONEY},
    }


def _plain(text: str | None) -> str | None:
    return None if text is None else plain(Decimal(text))
