"""Configure channels: values checked as those of sources are, secrets sealed and never shown."""

from collections.abc import Mapping
from uuid import uuid4

from aicost.accounts.models import User
from aicost.notify.channels import CHANNELS, kind_of, signing
from aicost.notify.channels.base import Kind
from aicost.notify.channels.posting import checked
from aicost.notify.message import TEST, Message
from aicost.notify.models import Channel, Send
from aicost.notify.outbox import put
from ingest.connect import FROM_ENVIRONMENT, BadSettings, cleaned, is_storable
from ingest.fetch.base import SECRET
from ingest.sealed import CannotUnseal, seal, unseal

NAME_CHARS_MAX = 80
URL, SECRET_NOW, SECRET_BEFORE = "url", "secret", "secret_before"
NOTHING = "-"  # ends an optional secret that is stored


def configurable() -> list[Kind]:
    """The kinds of which one makes channels; mail and endpoints of events need none."""
    return [kind for kind in CHANNELS if kind.configured]


def configure(
    by: User, name: str, kind_name: str, values: Mapping[str, str], channel: Channel | None = None
) -> Channel:
    """Add a channel, or change `channel`. A secret left empty keeps the one that is stored.
    Raises `BadSettings`."""
    kind, name = kind_of(kind_name), " ".join(name.split())
    stored = _stored(channel)
    plain, secret, errors = {}, {}, {}
    for field in kind.fields:
        given = str(values.get(field.name) or "").strip()
        try:
            if not given and field.kind == SECRET and field.name in stored:
                secret[field.name] = stored[field.name]
                continue
            given = "" if given == NOTHING and not field.required else given
            value = str(cleaned(field, given or field.default) or "")
            _fits(field.name, value)
        except ValueError as error:
            errors[field.name] = str(error)
            continue
        (secret if field.kind == SECRET else plain)[field.name] = value
    errors |= _sent_elsewhere(kind, values, plain, channel)
    if not name or len(name) > NAME_CHARS_MAX or not is_storable(name):
        errors["name"] = f"a name of at most {NAME_CHARS_MAX} characters"
    elif Channel.objects.filter(name=name).exclude(pk=channel and channel.pk).exists():
        errors["name"] = "another channel has, or had, this name"
    if errors:
        raise BadSettings(errors)
    made = channel or Channel(kind=kind.name, made_by=by)
    made.name, made.settings = name, plain
    made.sealed = seal(_rotated(secret, stored, values))
    made.save()
    return made


def _fits(name: str, value: str) -> None:
    """Raise ValueError for a value that its channel cannot use."""
    if not value or value.startswith(FROM_ENVIRONMENT):
        return
    if name == URL:
        checked(value)
    elif name in (SECRET_NOW, SECRET_BEFORE):
        signing.key_of(value)


def _sent_elsewhere(
    kind: Kind, values: Mapping[str, str], plain: Mapping[str, str], channel: Channel | None
) -> dict[str, str]:
    """Secrets are not sent along to another address than they were entered for."""
    if channel is None or plain.get(URL, "") == channel.settings.get(URL, ""):
        return {}
    return {
        field.name: "enter it again: it is sent to another address"
        for field in kind.fields
        if field.kind == SECRET and not values.get(field.name)
    }


def _rotated(secret: dict, stored: Mapping, values: Mapping[str, str]) -> dict:
    """With a new secret the one before it signs too, unless another one is said."""
    old = stored.get(SECRET_NOW)
    if old and secret.get(SECRET_NOW) != old and not values.get(SECRET_BEFORE):
        secret[SECRET_BEFORE] = old
    return {name: value for name, value in secret.items() if value}


def _stored(channel: Channel | None) -> dict[str, str]:
    if channel is None:
        return {}
    try:
        return unseal(channel.sealed)
    except CannotUnseal:  # whoever edits the channel enters them anew
        return {}


def stored_names(channel: Channel | None) -> set[str]:
    """Which secrets it has; never what they are."""
    return set(_stored(channel))


def send_test(channel: Channel, by: User) -> Send | None:
    """A message that says only that it came."""
    said = f"A test of the channel {channel.name}, asked for by {by.get_username()}"
    told = Message(TEST, said, "Nothing is wrong. Alerts and digests come the same way.")
    return put(told, occasion=f"test {uuid4()}", channel=channel, user=None)
