"""JSON over HTTP with the patience APIs ask for: retries, Retry-After, size limits."""

from collections.abc import Mapping
import json
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from ingest.fetch.base import FetchError

TIMEOUT_SECONDS = (10, 120)
TRIES_MAX = 6
BYTES_MAX = 512 * 1024**2
_AGAIN = (429, 500, 502, 503, 504, 529)
_BLOCK_BYTES = 1 << 20
_TOLD_CHARS = 300


class Refusal(FetchError):
    """An answer that is no 2xx; `status` is its code."""

    def __init__(self, message: str, cure: str = "", status: int = 0) -> None:
        super().__init__(message, cure)
        self.status = status


def session(headers: Mapping[str, str] | None = None, tries: int = TRIES_MAX) -> requests.Session:
    """A session that waits and tries again when a server says so (429, 5xx, Retry-After)."""
    made = requests.Session()
    retry = Retry(
        total=tries,
        backoff_factor=1,
        status_forcelist=_AGAIN,
        allowed_methods=None,
        respect_retry_after_header=True,
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(max_retries=retry))
    made.headers.update(headers or {})
    made.trust_env = True
    return made


def checked_url(url: str) -> str:
    """The address without its last slash. Raises `FetchError` when it is no http(s) address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError(f"{url!r} is no address", "Write it as https://host/path")
    return url.rstrip("/")


def read(
    made: requests.Session, method: str, url: str, cures: Mapping[int, str] | None = None, **more
) -> bytes:
    """The body of an answer 2xx, at most BYTES_MAX. Redirects to another host are not followed,
    because the credentials would go along. Raises `FetchError` that names the address without its
    query, and `Refusal` for any other; `cures` says what to do about a status."""
    shown = url.split("?")[0]
    try:
        with made.request(
            method, url, timeout=TIMEOUT_SECONDS, stream=True, allow_redirects=False, **more
        ) as answer:
            body = _limited(answer, shown)
    except requests.RequestException as error:
        raise FetchError(
            f"{shown}: no answer ({type(error).__name__})", "Check the address and the network"
        ) from error
    if not 200 <= answer.status_code < 300:
        told = " ".join(body[:_TOLD_CHARS].decode(errors="replace").split())
        cure = (cures or {}).get(answer.status_code, "")
        raise Refusal(f"{shown} answers {answer.status_code}: {told}", cure, answer.status_code)
    return body


def read_json(made: requests.Session, method: str, url: str, **more) -> object:
    """As `read`, parsed; numbers with a point stay text-exact (Decimal is up to the reader)."""
    body = read(made, method, url, **more)
    try:
        return json.loads(body, parse_float=str)
    except ValueError as error:
        raise FetchError(
            f"{url.split('?')[0]} answers no JSON ({error})", "Check the address"
        ) from error


def _limited(answer: requests.Response, shown: str) -> bytes:
    blocks, size = [], 0
    for block in answer.iter_content(_BLOCK_BYTES):
        size += len(block)
        if size > BYTES_MAX:
            raise FetchError(f"{shown}: more than {BYTES_MAX} bytes", "Ask for a shorter period")
        blocks.append(block)
    return b"".join(blocks)
