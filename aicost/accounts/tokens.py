"""Tokens of programs: made once, kept as a hash, revoked but never deleted.

`caller_of` is how every surface for programs learns who asks: the API, MCP and /metrics.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
import hashlib
import secrets

from django.utils import timezone

from aicost.accounts.models import ApiToken, User
from aicost.accounts.scope import asker_of
from aicost.accounts.unchanged import Unchanged, seen
from attribution.reports.spec import Asker

INGEST, READ, ADMIN = SCOPES = ("ingest", "read", "admin")
# What somebody may who has the scope: admin is for scripts that change what they read.
_MEANS = {INGEST: {INGEST, ADMIN}, READ: {READ, ADMIN}, ADMIN: {ADMIN}}
DAYS_MAX = 3660
TEAMS_MAX = 100
_MARK = "aic_"
_ID_BYTES = 6
_SEEN_EVERY = timedelta(minutes=1)
_tokens: Unchanged[ApiToken] = Unchanged(most=1_000)
MAKE_ONE = "manage.py token add NAME --user USER --scope {scope}, or the page Tokens"


class NotKnown(Exception):
    """No good token came; `cure` says what to do. Nothing is told of whose it might be."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


class NotInScope(Exception):
    """A good token that may not do this."""

    def __init__(self, token: ApiToken, scope: str) -> None:
        super().__init__(f"the token {token.token_id} has the scope {', '.join(token.scopes)}; "
                         f"this needs {scope}")  # fmt: skip
        self.cure = f"Make a token with the scope: {MAKE_ONE.format(scope=scope)}"


def challenge(scope: str, error: NotKnown | NotInScope) -> str:
    """What WWW-Authenticate says (RFC 6750, 3)."""
    why = ', error="insufficient_scope"' if isinstance(error, NotInScope) else ""
    return f'Bearer realm="aicost", scope="{scope}"{why}'


@dataclass(frozen=True)
class Caller:
    """Who asks through a token: its user, limited as the token is, for every check of rights; and
    the asker of reports, which says the same."""

    user: User
    token: ApiToken
    asker: Asker


def caller_of(header: str, scope: str) -> Caller:
    """Who shows this `Authorization` header, if the token is good for the scope. A bearer token,
    or Basic with the token's id and its secret. When it was last used is kept to the minute.
    Raises NotKnown and NotInScope."""
    text = _text_of(header)
    if not text:
        told = "a token is needed: Authorization: Bearer TOKEN, or Basic with its id and secret"
        raise NotKnown(told, f"Make one: {MAKE_ONE.format(scope=scope)}")
    token, now = _known(_digest(text)), timezone.now()
    if token is None or not token.user.is_active:
        told = "this token is not known"
        raise NotKnown(told, f"Copy it whole, or make another: {MAKE_ONE.format(scope=scope)}")
    state = token.state_at(now)
    if state != "active":
        told = f"the token {token.token_id} is {state}"
        raise NotKnown(told, f"Make another: {MAKE_ONE.format(scope=scope)}")
    if not _MEANS[scope] & set(token.scopes):
        raise NotInScope(token, scope)
    if token.last_used_at is None or now - token.last_used_at > _SEEN_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return Caller(token.user, token, asker_of(token.user))


def _known(sha256: str) -> ApiToken | None:
    """The token with its user, limited as it is; None where there is none. Read anew once anything
    was written."""
    at = seen()
    token = _tokens.of(sha256, at)
    if token is None:
        token = ApiToken.objects.select_related("user").filter(sha256=sha256).first()
        if token is not None:
            token.user.limited_to = None if token.teams is None else tuple(token.teams)
            _tokens.keep(sha256, at, token)
    return token


def make_token(
    user: User,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    teams: Iterable[str] | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can read again. Raises ValueError for a scope that
    is none of SCOPES, and for no team."""
    asked = sorted(set(scopes))
    unknown = [scope for scope in asked if scope not in SCOPES]
    if unknown or not asked:
        known = ", ".join(SCOPES)
        raise ValueError(f"unknown scope {', '.join(unknown) or '(none)'}; there are: {known}")
    limit = None if teams is None else sorted({team.strip() for team in teams} - {""})
    if limit is not None and not 0 < len(limit) <= TEAMS_MAX:
        raise ValueError(f"name 1 to {TEAMS_MAX} teams, or none at all for every team of the user")
    token_id = _MARK + secrets.token_hex(_ID_BYTES)
    text = f"{token_id}_{secrets.token_urlsafe(32)}"
    made = ApiToken.objects.create(
        name=name,
        user=user,
        scopes=asked,
        teams=limit,
        token_id=token_id,
        sha256=_digest(text),
        expires_at=expires_at,
    )
    return made, text


def secret_of(token: ApiToken, text: str) -> str:
    """What stands behind the id: the password of Basic."""
    return text.removeprefix(f"{token.token_id}_")


def expiry_of(days: int | None) -> datetime | None:
    """So many days from now; None is never. Raises ValueError outside of 1 to DAYS_MAX."""
    if days is None:
        return None
    if not 0 < days <= DAYS_MAX:
        raise ValueError(f"a token is good for 1 to {DAYS_MAX} days")
    return timezone.now() + timedelta(days=days)


def _text_of(header: str) -> str:
    """The text of the token in an Authorization header; '' for none that can be read."""
    scheme, _, told = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return told.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        pair = base64.b64decode(told.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    token_id, _, secret = pair.partition(":")
    return f"{token_id}_{secret}" if token_id and secret else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
