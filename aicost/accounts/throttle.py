"""Login throttle on the audit trail: refused logins are rows already, so nothing else is kept."""

from datetime import timedelta

from aicost.accounts.audit import LOGIN, LOGIN_REFUSED
from aicost.accounts.models import AuditEvent
from aicost.kernel.periods import utc_now

WINDOW = timedelta(minutes=15)
REFUSED_MAX_PER_NAME_AND_ADDRESS = 5
REFUSED_MAX_PER_NAME = 20
REFUSED_MAX_PER_ADDRESS = 50


def is_locked(username: str, address: str) -> bool:
    """True after too many refused logins within 15 minutes; a success starts the count anew.

    The pair is counted tightly, name and address alone loosely: a stranger can then not lock a
    person out of their own desk with a handful of tries.
    """
    recent = AuditEvent.objects.filter(at__gt=utc_now() - WINDOW)
    refused = recent.filter(action=LOGIN_REFUSED)
    name = username.casefold()
    pair = refused.filter(subject=name, detail__address=address)
    success = (
        recent.filter(action=LOGIN, subject=name, detail__address=address)
        .order_by("-at")
        .values_list("at", flat=True)
        .first()
    )
    if success is not None:
        pair = pair.filter(at__gt=success)
    return (
        pair.count() >= REFUSED_MAX_PER_NAME_AND_ADDRESS
        or refused.filter(subject=name).count() >= REFUSED_MAX_PER_NAME
        or refused.filter(detail__address=address).count() >= REFUSED_MAX_PER_ADDRESS
    )
