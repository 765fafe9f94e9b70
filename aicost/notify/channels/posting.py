"""One message posted to a web address: outward only, no redirects, and what an answer means."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import json
from urllib.parse import urlsplit

from django.conf import settings
import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from aicost.kernel.periods import utc_now
from aicost.notify.channels.base import SendError
from ingest.fetch.base import FetchError
from ingest.fetch.outward import outward_session, refuse_inner

TIMEOUT_SECONDS = (5, 15)
ANSWER_BYTES_MAX = 1000
WAIT_SECONDS_MAX = 3600
_CURES = {
    401: "Enter the secret of the channel anew",
    403: "Enter the address of the channel anew: the other side refuses it",
    404: "Make a new webhook on the other side and enter its address",
    410: "Make a new webhook on the other side and enter its address",
    413: "The other side takes no message as long as this",
}


def checked(url: str) -> str:
    """The address, fit to be posted to: https, or http on an inner host that an admin named.
    Raises `ValueError` with what is wrong."""
    url = url.strip()
    try:
        refuse_inner(url, settings.AICOST_HOOK_HOSTS)
    except FetchError as error:
        raise ValueError(str(error)) from error
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("credentials do not go into the address")
    if parts.scheme != "https" and parts.hostname not in settings.AICOST_HOOK_HOSTS:
        raise ValueError("the address begins with https://")
    return url


def as_bytes(payload: Mapping) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def post(
    url: str, body: bytes, handing: Callable[[], None], headers: Mapping[str, str] | None = None
) -> str:
    """Post JSON and return what is answered in short. Raises `SendError`, which names the host
    and never the path: that may be the secret."""
    host = urlsplit(url).hostname
    try:
        checked(url)
    except ValueError as error:
        raise SendError(f"{host}: {error}", permanent=True) from error
    handing()
    try:
        with outward_session(settings.AICOST_HOOK_HOSTS) as session:
            answer = session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json", "User-Agent": "aicost"}
                | dict(headers or {}),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            )
            told = answer.raw.read(ANSWER_BYTES_MAX, decode_content=True) or b""
    except FetchError as error:
        raise SendError(str(error)) from error
    except requests.RequestException as error:
        raise _silent(host, error) from error
    return _judged(host, answer, " ".join(told.decode(errors="replace").split())[:200])


def _silent(host: str | None, error: requests.RequestException) -> SendError:
    """No answer: nothing was handed over where there was no connection, else nobody knows."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    before = (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)
    never = isinstance(error, before) or isinstance(
        reason, NewConnectionError | NameResolutionError
    )
    told = f"{host}: no answer ({type(error).__name__})"
    return SendError(told, "Check the address and the network" * never, unknown=not never)


def _judged(host: str | None, answer: requests.Response, told: str) -> str:
    status = answer.status_code
    if 200 <= status < 300:
        return f"{host} answers {status}{f': {told}' if told else ''}"
    said = f"{host} answers {status}{f': {told}' if told else ''}"
    if 300 <= status < 400:
        cure = "It sends us elsewhere: enter that address"
        raise SendError(said, cure, permanent=True, status=status)
    if status in (408, 425, 429) or status >= 500:
        wait = _wait(answer.headers.get("Retry-After", ""))
        raise SendError(said, wait_seconds=wait, status=status)
    raise SendError(said, _CURES.get(status, ""), permanent=True, status=status)


def _wait(told: str) -> int:
    """Seconds of a Retry-After, which is a number or a date; nonsense is no wait."""
    if told.isdecimal():
        return min(int(told[:6]), WAIT_SECONDS_MAX)
    try:
        when: datetime = parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return 0
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0, min(int((when - utc_now()).total_seconds()), WAIT_SECONDS_MAX))
