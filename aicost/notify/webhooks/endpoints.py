"""Endpoints: added, changed, given another secret, tried. A secret is shown once, then sealed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from aicost.accounts.models import User
from aicost.kernel.periods import utc_now
from aicost.notify.channels import EVENTS
from aicost.notify.channels.posting import checked
from aicost.notify.channels.signing import new_secret
from aicost.notify.models import Endpoint, Send
from aicost.notify.unsealed import SECRET
from aicost.notify.webhooks.catalogue import EVENT_TYPES, WEBHOOK_TEST
from aicost.notify.webhooks.payload import envelope
from ingest.connect import is_storable
from ingest.sealed import CannotUnseal, seal, unseal

ADDRESS_CHARS_MAX, DESCRIPTION_CHARS_MAX, TEAMS_MAX = 500, 120, 300
GRACE_HOURS = (0, 24, 72, 168)
NAMES = tuple(one.name for one in EVENT_TYPES)


class BadEndpoint(ValueError):
    """{field: what is wrong with it}."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Wanted:
    """What somebody says of an endpoint. No types are all; `teams` None is everything."""

    address: str
    description: str = ""
    types: tuple[str, ...] = ()
    teams: tuple[str, ...] | None = None


def add(wanted: Wanted, by: User) -> tuple[Endpoint, str]:
    """A new endpoint, and its secret: it is not shown again. Raises `BadEndpoint`."""
    secret = new_secret()
    made = Endpoint(made_by=by, active_from=utc_now(), sealed=seal({SECRET: secret}))
    return _saved(made, wanted), secret


def change(endpoint: Endpoint, wanted: Wanted) -> Endpoint:
    """Raises `BadEndpoint`."""
    return _saved(endpoint, wanted)


def _saved(endpoint: Endpoint, wanted: Wanted) -> Endpoint:
    errors = {}
    address, description = wanted.address.strip(), " ".join(wanted.description.split())
    try:
        if len(address) > ADDRESS_CHARS_MAX or not is_storable(address):
            raise ValueError(f"at most {ADDRESS_CHARS_MAX} characters")
        address = checked(address)
    except ValueError as error:
        errors["address"] = str(error)
    if len(description) > DESCRIPTION_CHARS_MAX or not is_storable(description):
        errors["description"] = f"at most {DESCRIPTION_CHARS_MAX} characters"
    unknown = sorted(set(wanted.types) - set(NAMES))
    if unknown:
        errors["types"] = f"there is no type {unknown[0][:80]!r}"
    if wanted.teams is not None:
        errors |= _teams_errors(wanted.teams)
    if errors:
        raise BadEndpoint(errors)
    endpoint.address, endpoint.description = address, description
    endpoint.types = [name for name in NAMES if name in wanted.types]
    endpoint.teams = None if wanted.teams is None else sorted(set(wanted.teams))
    endpoint.save()
    return endpoint


def _teams_errors(teams: Iterable[str]) -> dict[str, str]:
    named = [one for one in teams if one.strip()]
    if not named:
        return {"teams": "choose at least one team, or everything"}
    if len(named) > TEAMS_MAX or not all(is_storable(one) for one in named):
        return {"teams": f"at most {TEAMS_MAX} teams"}
    return {}


def rotate(endpoint: Endpoint, grace_hours: int, now: datetime | None = None) -> str:
    """Another secret. Those before it sign too for so many hours. Raises `BadEndpoint`."""
    if grace_hours not in GRACE_HOURS:
        hours = ", ".join(map(str, GRACE_HOURS))
        raise BadEndpoint({"grace": f"take one of {hours} hours"})
    now, secret = now or utc_now(), new_secret()
    try:
        kept = unseal(endpoint.sealed)
    except CannotUnseal:  # the key changed: nothing of before can sign
        kept = {}
    until = now + timedelta(hours=grace_hours)
    # with no hours all of before end, also those that still had some
    before = {k: v for k, v in kept.items() if k != SECRET and k > now.isoformat()}
    signing = before | {until.isoformat(): kept[SECRET]} if grace_hours and SECRET in kept else {}
    endpoint.sealed = seal({SECRET: secret, **signing})
    endpoint.save(update_fields=["sealed"])
    return secret


def old_secrets_until(endpoint: Endpoint, now: datetime) -> datetime | None:
    """How long one of before still signs."""
    try:
        kept = unseal(endpoint.sealed)
    except CannotUnseal:
        return None
    still = [one for k in kept if k != SECRET and (one := datetime.fromisoformat(k)) > now]
    return max(still, default=None)


def switch(endpoint: Endpoint, on: bool, why: str = "", now: datetime | None = None) -> None:
    """What happens while it is off is not sent afterwards; a replay brings it."""
    endpoint.enabled, endpoint.off_why = on, "" if on else why
    if on:
        endpoint.active_from = now or utc_now()
    endpoint.save(update_fields=["enabled", "off_why", "active_from"])


def end(endpoint: Endpoint) -> None:
    endpoint.ended_at, endpoint.enabled, endpoint.sealed = utc_now(), False, ""
    endpoint.save(update_fields=["ended_at", "enabled", "sealed"])


def send_test(endpoint: Endpoint, by: User, now: datetime | None = None) -> Send:
    """A message that says only that it came."""
    now = now or utc_now()
    data = {"text": "Nothing happened: this is a test.", "by": by.get_username()}
    return Send.objects.create(
        endpoint=endpoint,
        occasion=f"test {uuid4()}",
        recipient=endpoint.address,
        via=EVENTS,
        subject=f"{WEBHOOK_TEST}: asked for by {by.get_username()}",
        message=envelope(WEBHOOK_TEST, now, data),
        queued_at=now,
        next_try_at=now,
    )
