"""Bearer tokens of machines: made once, kept as a hash, revoked but never deleted."""

from datetime import datetime, timedelta
import hashlib
import secrets

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from aicost.accounts.models import ApiToken, User

INGEST, READ = SCOPES = ("ingest", "read")
_MARK = "aicost_"
_PREFIX_CHARS = len(_MARK) + 6
_SEEN_EVERY = timedelta(minutes=1)


def make_token(
    user: User, name: str, scopes: list[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can read again. Raises ValueError for a scope that
    is none of SCOPES."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        known = ", ".join(SCOPES)
        raise ValueError(f"unknown scope {', '.join(unknown) or '(none)'}; there are: {known}")
    text = _MARK + secrets.token_urlsafe(32)
    made = ApiToken.objects.create(
        name=name,
        user=user,
        scopes=sorted(set(scopes)),
        prefix=text[:_PREFIX_CHARS],
        sha256=_digest(text),
        expires_at=expires_at,
    )
    return made, text


def token_of(request: HttpRequest, scope: str) -> ApiToken | None:
    """The token of the `Authorization: Bearer` header if it is good for the scope, else None.
    When it was last used is kept to the minute."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        return None
    now = timezone.now()
    valid = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    found = ApiToken.objects.select_related("user").filter(valid, sha256=_digest(text.strip()))
    token = found.first()
    if token is None or scope not in token.scopes or not token.user.is_active:
        return None
    if token.last_used_at is None or now - token.last_used_at > _SEEN_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
