"""Messages signed as Standard Webhooks says: `webhook-id` (the same in every try),
`webhook-timestamp` and `webhook-signature`, HMAC-SHA256 over both and the body. While a secret is
being replaced several sign, so that the other side can change when it likes."""

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable
from hashlib import sha256
import hmac
import secrets

from aicost.kernel.periods import utc_now
from aicost.notify.channels.base import SendError

PREFIX = "whsec_"
KEY_BYTES, KEY_BYTES_MIN, KEY_BYTES_MAX = 32, 24, 64


def new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(KEY_BYTES)).decode()


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


def signed_headers(signing: Iterable[str], key: str, body: bytes) -> dict[str, str]:
    """The three headers of a message, at this moment. Raises `SendError` for a secret that is
    none."""
    sent_id, timestamp = f"msg_{key}", int(utc_now().timestamp())
    try:
        signed = [signature(secret, sent_id, timestamp, body) for secret in signing]
    except ValueError as error:
        raise SendError(str(error), "Enter the secret anew", permanent=True) from error
    return {
        "webhook-id": sent_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
