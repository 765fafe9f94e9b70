"""What comes of deliveries, said to programs: in the transaction that decides it."""

from collections.abc import Iterable
from hashlib import sha256

from aicost.happenings.tell import happened
from aicost.kernel.money import plain
from ingest.models import Delivery, Restatement

PUBLISHED, HELD, RESTATED = "delivery.published", "delivery.held", "restatement"


def tell_published(deliveries: Iterable[Delivery]) -> None:
    """Bills in force: one happening a scope."""
    for one in deliveries:
        totals = [
            {
                "currency": total.currency,
                "billed_cost": plain(total.billed_cost),
                "effective_cost": plain(total.effective_cost),
            }
            for total in one.totals.order_by("currency")
        ]
        data = _about(one) | {"rows": one.rows_loaded, "totals": totals}
        happened(PUBLISHED, f"delivery {one.pk} published", data, subject=f"delivery {one.pk}")


def tell_restated(change: Restatement) -> None:
    """What a delivery changed of what stood before it, in one currency."""
    data = _about(change.delivery) | {
        "previous_delivery": change.previous_id,
        "first_day": _day(change.first_day),
        "last_day": _day(change.last_day),
        "currency": change.currency,
        "billed_delta": plain(change.billed_delta),
        "effective_delta": plain(change.effective_delta),
        "charges_added": change.charges_added,
        "charges_changed": change.charges_changed,
        "charges_removed": change.charges_removed,
    }
    key = f"restatement {change.pk}"
    happened(RESTATED, key, data, subject=f"delivery {change.delivery_id}")


def tell_held(delivery: Delivery) -> None:
    """A set that is not brought into force; once, however often it is refused for the same."""
    why = sha256(delivery.message.encode()).hexdigest()[:16]
    key = f"held {delivery.source_id} {delivery.set_sha256} {why}"
    data = _about(delivery) | {"message": delivery.message}
    happened(HELD, key, data, subject=f"delivery {delivery.pk}")


def _about(delivery: Delivery) -> dict:
    return {
        "delivery": delivery.pk,
        "source": delivery.source.name,
        "kind": delivery.source.kind,
        "reader": delivery.reader,
        "name": delivery.name,
        "account": delivery.scope.billing_account_id if delivery.scope else "",
        "billing_periods": list(delivery.billing_periods),
        "first_day": _day(delivery.first_day),
        "last_day": _day(delivery.last_day),
    }


def _day(day) -> str | None:
    return day.isoformat() if day else None
