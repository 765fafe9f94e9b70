"""Credentials of sources: encrypted in the database, never shown again."""

import base64
from collections.abc import Mapping
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotUnseal(Exception):
    """The stored credentials were encrypted with a key that is not among the present ones."""


def seal(values: Mapping[str, str]) -> str:
    """Encrypt the secrets of one source with the newest key; {} gives ''."""
    return _fernet().encrypt(json.dumps(dict(values)).encode()).decode() if values else ""


def unseal(sealed: str) -> dict[str, str]:
    """Raises `CannotUnseal`."""
    if not sealed:
        return {}
    try:
        return json.loads(_fernet().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise CannotUnseal(
            "the stored credentials cannot be decrypted: the key changed. Set AICOST_SECRETS_KEYS"
            " to the old and the new key, or enter the credentials again"
        ) from error


def _fernet() -> MultiFernet:
    given = settings.AICOST_SECRETS_KEYS or [settings.SECRET_KEY]
    return MultiFernet([Fernet(_key(text)) for text in given])


def _key(text: str) -> bytes:
    """32 bytes of any text; the purpose is in the hash, so no other use of the text gives them."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"aicost sources\0" + text.encode()).digest())
