"""A program of one's own gets what people get, as JSON, by a webhook signed as Standard Webhooks
says (see signing). What happens in the ledger, event by event, goes to endpoints instead: see
aicost.notify.webhooks."""

from collections.abc import Callable, Iterator, Mapping

from aicost.kernel.periods import utc_text
from aicost.notify.channels.base import Kind, Outgoing
from aicost.notify.channels.posting import as_bytes, post
from aicost.notify.channels.signing import signed_headers
from ingest.fetch.base import SECRET, Field


def payload(outgoing: Outgoing) -> dict:
    told = outgoing.message
    what = ".".join(filter(None, (told.kind, told.status)))
    data = {
        name: value
        for name, value in told.as_json().items()
        if name not in ("text", "html", "headers")
    }
    return {"type": what, "timestamp": utc_text(outgoing.queued_at), "data": data}


def send(outgoing: Outgoing, config: Mapping, handing: Callable[[], None]) -> str:
    body = as_bytes(payload(outgoing))
    headers = signed_headers(_secrets(config), outgoing.id, body)
    return post(config["url"], body, handing, headers)


def _secrets(config: Mapping) -> Iterator[str]:
    yield config["secret"]
    if config.get("secret_before"):
        yield config["secret_before"]


KIND = Kind(
    name="webhook",
    title="Webhook",
    summary="JSON to a program of your own, signed as Standard Webhooks",
    fields=(
        Field("url", "Address", SECRET, "https://…"),
        Field("secret", "Secret", SECRET, "whsec_ and base64 of 24 to 64 bytes"),
        Field(
            "secret_before",
            "Secret before",
            SECRET,
            "Signs too, until the other side knows the new one",
            required=False,
        ),
    ),
    send=send,
    repeats_safely=True,
)
