"""A program of one's own, by a webhook signed as Standard Webhooks says: `webhook-id` (the same in
every try), `webhook-timestamp` and `webhook-signature`, HMAC-SHA256 over all three and the body.
While a secret is being replaced both sign, so that the other side can change when it likes."""

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
import hmac

from aicost.kernel.periods import utc_now
from aicost.notify.channels.base import Kind, Outgoing, SendError
from aicost.notify.channels.posting import as_bytes, post
from ingest.fetch.base import SECRET, Field

PREFIX = "whsec_"
KEY_BYTES_MIN, KEY_BYTES_MAX = 24, 64


def key_of(secret: str) -> bytes:
    """The key in a secret `whsec_…`. Raises ValueError for one that is none."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (BadBase64, ValueError) as error:
        raise ValueError(f"a secret is {PREFIX} and base64") from error
    if not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise ValueError(f"the key is {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes long")
    return key


def signature(secret: str, sent_id: str, timestamp: int, body: bytes) -> str:
    content = f"{sent_id}.{timestamp}.".encode() + body
    return f"v1,{b64encode(hmac.new(key_of(secret), content, sha256).digest()).decode()}"


def payload(outgoing: Outgoing) -> dict:
    told = outgoing.message
    what = ".".join(filter(None, (told.kind, told.status)))
    data = {
        name: value
        for name, value in told.as_json().items()
        if name not in ("text", "html", "headers")
    }
    return {"type": what, "timestamp": outgoing.queued_at.isoformat(), "data": data}


def send(outgoing: Outgoing, config: Mapping, handing: Callable[[], None]) -> str:
    body, sent_id = as_bytes(payload(outgoing)), f"msg_{outgoing.id}"
    timestamp = int(utc_now().timestamp())
    try:
        signed = [signature(secret, sent_id, timestamp, body) for secret in _secrets(config)]
    except ValueError as error:
        raise SendError(str(error), "Enter the secret anew", permanent=True) from error
    headers = {
        "webhook-id": sent_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
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
