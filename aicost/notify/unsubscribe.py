"""The link that ends a recipient: a signed token of a random key, good without a login."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from aicost.kernel.periods import utc_now
from aicost.notify.models import Recipient

_SIGNER = Signer(salt="aicost.notify.unsubscribe")


def address_of(recipient: Recipient) -> str:
    token = _SIGNER.sign(recipient.key.hex)
    return f"{settings.AICOST_URL}{reverse('unsubscribe', args=[token])}"


def recipient_of(token: str) -> Recipient | None:
    """The recipient of a link, or None for one that was not signed here."""
    try:
        key = UUID(hex=_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        return None
    found = Recipient.objects.select_related("schedule", "route", "user", "channel")
    return found.filter(key=key).first()


def end(recipient: Recipient) -> bool:
    """Send nothing more to it; False if that was so already."""
    ended = Recipient.objects.filter(pk=recipient.pk, ended_at=None)
    return bool(ended.update(ended_at=utc_now()))


def mail_headers(to: Recipient | None) -> Mapping[str, str]:
    """One click ends it (RFC 8058), for whoever is a recipient of something."""
    if to is None:
        return {}
    kind = "digests" if to.schedule_id else "alerts"
    return {
        "List-Unsubscribe": f"<{address_of(to)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{kind}.{urlsplit(settings.AICOST_URL).hostname or 'localhost'}>",
    }
