"""Which mail server: AICOST_SMTP_URL, taken apart for Django's settings. Knows no Django."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from aicost.kernel.environment import BadSetting

PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


class MailServer(NamedTuple):
    """`tls` is asked for after connecting (STARTTLS), `ssl` is spoken from the first byte."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    ssl: bool


def mail_server(url: str) -> MailServer:
    """Without a host where `url` is empty. Raises BadSetting for one that names no mail server,
    without telling what it holds: it may be a password."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if url and (parts.scheme not in PORTS or not parts.hostname or port == 0):
        known = ", ".join(f"{scheme}://user:password@host:{n}" for scheme, n in PORTS.items())
        raise BadSetting(f"AICOST_SMTP_URL is none of {known}")
    return MailServer(
        parts.hostname or "",
        port or PORTS.get(parts.scheme, 25),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtp+tls",
        parts.scheme == "smtps",
    )
