"""What happens, to a program: one event as JSON, signed as Standard Webhooks says. Any answer but
a yes is tried again, as that specification asks; 410 means that nobody is there any more."""

from collections.abc import Callable, Mapping

from aicost.notify.channels.base import Kind, Outgoing, SendError
from aicost.notify.channels.posting import as_bytes, post
from aicost.notify.channels.signing import signed_headers

GONE = 410


def send(outgoing: Outgoing, config: Mapping, handing: Callable[[], None]) -> str:
    body = as_bytes(outgoing.payload or {})
    headers = signed_headers(config["secrets"], outgoing.id, body)
    try:
        return post(config["url"], body, handing, headers)
    except SendError as error:
        if error.permanent and error.status not in (0, GONE):
            raise SendError(str(error), status=error.status) from error
        raise


KIND = Kind(
    name="events",
    title="Webhook",
    summary="Each event as JSON to an endpoint, signed as Standard Webhooks",
    fields=(),
    send=send,
    repeats_safely=True,
    bundles=False,
    digests=False,
    configured=False,
)
