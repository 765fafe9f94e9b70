"""The settings of a channel as they are used: secrets unsealed, the environment read."""

from aicost.notify.channels import kind_of
from aicost.notify.channels.base import SendError
from aicost.notify.models import Channel
from ingest.connect import resolved
from ingest.fetch.base import FetchError
from ingest.sealed import CannotUnseal, unseal


def config_of(channel: Channel | None) -> dict:
    """All values of a channel by field name, secrets and environment resolved; {} for mail.
    Raises `SendError`."""
    if channel is None:
        return {}
    try:
        given = {**channel.settings, **unseal(channel.sealed)}
        fields = kind_of(channel.kind).fields
        return {field.name: resolved(field, given.get(field.name)) for field in fields}
    except (CannotUnseal, FetchError) as error:
        raise SendError(str(error)) from error
