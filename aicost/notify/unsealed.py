"""The settings of a channel or an endpoint as they are used: secrets unsealed, the environment
read."""

from datetime import datetime

from aicost.notify.channels import kind_of
from aicost.notify.channels.base import SendError
from aicost.notify.models import Channel, Endpoint
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


SECRET = "secret"


def config_of_endpoint(endpoint: Endpoint, now: datetime) -> dict:
    """Its address and the secrets that sign, the newest first. Raises `SendError`."""
    try:
        kept = unseal(endpoint.sealed)
    except CannotUnseal as error:
        raise SendError(str(error)) from error
    # beside the secret stand those before it, each by the moment until which it signs
    before = sorted((until for until in kept if until != SECRET), reverse=True)
    still = [kept[until] for until in before if datetime.fromisoformat(until) > now]
    return {"url": endpoint.address, "secrets": [kept[SECRET], *still]}
