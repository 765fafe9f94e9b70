"""Set up digests and routes: what a form says, checked; recipients ended and added."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from aicost.accounts.models import User
from aicost.kernel.periods import utc_now
from aicost.notify.channels import kind_of
from aicost.notify.digests.subject import NoSubject, view_of
from aicost.notify.models import (
    ALL,
    CADENCES,
    LEVELS,
    SUBJECTS,
    TEAM,
    VIEW,
    WEEKLY,
    Channel,
    Recipient,
    Route,
    Schedule,
)
from aicost.notify.rights import may_send_through, may_send_to_others
from aicost.web.models import SavedView
from attribution.entities.seen import is_seen
from attribution.models.alerts import SEVERITIES
from attribution.reports.spec import Asker

NAME_CHARS_MAX, RECIPIENTS_MAX = 80, 200


class BadForm(ValueError):
    """{field name: what is wrong and the cure}."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class Receivers:
    """Who is to get it, as a form says: ids of people and channels, addresses one a line."""

    users: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    addresses: str = ""


@dataclass(frozen=True)
class DigestForm:
    """`about` is all, team:NAME or view:ID."""

    name: str
    cadence: str = WEEKLY
    about: str = ALL
    hour: str = "8"
    to: Receivers = field(default_factory=Receivers)


@dataclass(frozen=True)
class RouteForm:
    name: str
    team: str = ""
    severity: str = ""
    dimension: str = ""
    target: str = ""
    quiet_from: str = ""
    quiet_to: str = ""
    to: Receivers = field(default_factory=Receivers)


@transaction.atomic
def save_digest(
    by: User, asker: Asker, form: DigestForm, views: Iterable[SavedView], schedule: Schedule | None
) -> Schedule:
    """Add a digest, or change `schedule`. `views` are those that `by` sees. Raises `BadForm`."""
    errors = _name_errors(form.name)
    about, _, of = form.about.partition(":")
    if form.cadence not in CADENCES:
        errors["cadence"] = f"take one of {', '.join(CADENCES)}"
    if not form.hour.isdecimal() or not 0 <= int(form.hour[:4]) < 24:
        errors["hour"] = "an hour from 0 to 23"
    view = next((one for one in views if about == VIEW and str(one.pk) == of), None)
    if about not in SUBJECTS or (about == VIEW and view is None):
        errors["about"] = "choose what it is about"
    elif about == TEAM and not (of and is_seen(asker, "team", of)):
        errors["about"] = "choose a team that you see"
    elif view is not None:
        try:
            view_of(view, by)
        except NoSubject as error:
            errors["about"] = str(error)
    receivers, wrong = _receivers(by, form.to, digests=True)
    errors |= wrong
    if errors:
        raise BadForm(errors)
    made = schedule or Schedule(owner=by, active_from=utc_now())
    made.name, made.cadence, made.hour = _named(form.name), form.cadence, int(form.hour)
    made.about, made.team, made.view = about, of if about == TEAM else "", view
    made.problem = ""
    made.save()
    _set_recipients(receivers, schedule=made)
    return made


@transaction.atomic
def save_route(by: User, asker: Asker, form: RouteForm, route: Route | None) -> Route:
    """Add a route, or change `route`. Raises `BadForm`."""
    errors = _name_errors(form.name)
    if form.team and not is_seen(asker, "team", form.team):
        errors["team"] = "choose a team that you see"
    if form.severity and form.severity not in SEVERITIES:
        errors["severity"] = f"take one of {', '.join(SEVERITIES)}"
    if bool(form.target.strip()) != bool(form.dimension):
        errors["target"] = "say both what the target is and its name, or neither"
    elif form.dimension and form.dimension not in LEVELS:
        errors["target"] = f"take one of {', '.join(LEVELS)}"
    quiet, wrong = _quiet(form.quiet_from, form.quiet_to)
    receivers, more = _receivers(by, form.to, digests=False)
    errors |= wrong | more
    if errors:
        raise BadForm(errors)
    made = route or Route(owner=by, active_from=utc_now())
    made.name, made.team, made.severity = _named(form.name), form.team, form.severity
    made.dimension, made.target = form.dimension, form.target.strip()
    made.quiet_from, made.quiet_to = quiet
    made.save()
    _set_recipients(receivers, route=made)
    return made


def quiet_hours(start: str, end: str) -> tuple[time | None, time | None]:
    """Both hours or neither. Raises `BadForm`."""
    quiet, errors = _quiet(start, end)
    if errors:
        raise BadForm(errors)
    return quiet


def _quiet(start: str, end: str) -> tuple[tuple[time | None, time | None], dict[str, str]]:
    if not start and not end:
        return (None, None), {}
    try:
        told = time.fromisoformat(start), time.fromisoformat(end)
    except ValueError:
        return (None, None), {"quiet": "write both as HH:MM, or neither"}
    if told[0] == told[1] or any(one.tzinfo for one in told):
        return (None, None), {"quiet": "quiet hours begin and end at two times of the day"}
    return told, {}


def _named(text: str) -> str:
    return " ".join(text.split())


def _name_errors(text: str) -> dict[str, str]:
    name = _named(text)
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable():
        return {"name": f"give it a name of at most {NAME_CHARS_MAX} characters"}
    return {}


Receiver = tuple[User | None, str, Channel | None]


def _receivers(by: User, to: Receivers, *, digests: bool) -> tuple[list[Receiver], dict[str, str]]:
    """(user, address, channel) of each, and what is wrong with them."""
    ids = [one for one in to.users if one.isdecimal() and len(one) < 10]
    people = list(User.objects.filter(pk__in=ids, is_active=True).order_by("pk"))
    addresses = dict.fromkeys(one.strip() for one in to.addresses.splitlines() if one.strip())
    numbers = [one for one in to.channels if one.isdecimal() and len(one) < 10]
    channels = list(Channel.objects.filter(pk__in=numbers, ended_at=None).order_by("pk"))
    others = addresses or channels or any(one != by for one in people)
    if others and not may_send_to_others(by):
        return [], {"to": "you may send to yourself; finance, FinOps and admin may to others"}
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            return [], {"addresses": f"{address[:80]} is no e-mail address"}
    for channel in channels:
        if not may_send_through(by, channel) or (digests and not kind_of(channel.kind).digests):
            return [], {"to": f"{channel} takes alerts only"}
    found: list[Receiver] = [(one, "", None) for one in people]
    found += [(None, one, None) for one in addresses]
    found += [(None, "", one) for one in channels]
    if not found:
        return [], {"to": "choose who gets it"}
    if len(found) > RECIPIENTS_MAX:
        return [], {"to": f"at most {RECIPIENTS_MAX} recipients"}
    return found, {}


def _set_recipients(receivers: Iterable[Receiver], **of) -> None:
    """Those that stay keep their row, and with it their link; the others end."""
    wanted = {(u and u.pk, a, c and c.pk): (u, a, c) for u, a, c in receivers}
    for one in Recipient.objects.filter(ended_at=None, **of):
        if wanted.pop((one.user_id, one.address, one.channel_id), None) is None:
            one.ended_at = utc_now()
            one.save(update_fields=["ended_at"])
    for user, address, channel in wanted.values():
        Recipient.objects.create(user=user, address=address, channel=channel, **of)


def pause(one: Schedule | Route | Channel) -> bool:
    """Stop or go on; what fell due meanwhile is not sent afterwards. Returns whether it is on."""
    one.enabled = not one.enabled
    if isinstance(one, Channel):
        one.save(update_fields=["enabled"])
        return one.enabled
    if one.enabled:
        one.active_from = utc_now()
    one.save(update_fields=["enabled", "active_from"])
    return one.enabled


def end(one: Schedule | Route | Channel) -> None:
    """For good: nothing more is sent by it, and what was stays in the archive."""
    one.ended_at = utc_now()
    one.enabled = False
    one.save(update_fields=["ended_at", "enabled"])
