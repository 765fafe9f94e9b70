"""JSON over HTTP with the patience APIs ask for: retries, Retry-After, size limits."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
import json
from socket import SOCK_STREAM, getaddrinfo
import time
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from ingest.fetch.base import FetchError

TIMEOUT_SECONDS = (10, 120)
TRIES_MAX = 6
WAIT_SECONDS_MAX = 120  # whatever Retry-After asks for
PATIENCE_SECONDS = 60
SLOWEST_BYTES_A_SECOND = 1024
BYTES_MAX = 512 * 1024**2
_AGAIN = (429, 500, 502, 503, 504, 529)
_BLOCK_BYTES = 1 << 18
_TOLD_CHARS = 300
BROKEN = (requests.RequestException, HTTPError, UnicodeError)


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
        connect=min(tries, 2),  # a wrong address is told at once, not after a minute
        backoff_factor=1,
        status_forcelist=_AGAIN,
        allowed_methods=None,
        respect_retry_after_header=True,
        retry_after_max=WAIT_SECONDS_MAX,
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(max_retries=retry))
    made.headers.update(headers or {})
    made.trust_env = True
    return made


def checked_url(url: str) -> str:
    """The address without its last slash. Raises `FetchError` when it is no http(s) address."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise FetchError(f"{url[:100]!r} is no address", "Write it as https://host/path")
    return url.rstrip("/")


def file_url(url: str) -> str:
    """The address as it is, last slash included: `/file` and `/file/` are two. Raises as above."""
    checked_url(url)
    return url


def refuse_inward(url: str, home: str) -> None:
    """Raise `FetchError` if a server at `home` sends us to an address that only this machine or its
    network can reach: there may be services that trust us. Where `home` is such an address itself,
    only those of the machine (metadata of clouds) are refused."""
    target, ours = _addresses_of(url), _addresses_of(home)
    inner = not any(one.is_global for one in ours)
    bad = [one for one in target if one.is_link_local or not (one.is_global or inner)]
    if bad:
        host = urlsplit(url).hostname
        raise FetchError(f"{home.split('?')[0]} sends us on to {host} ({bad[0]}), an inner address",
                         "Give the address of the file itself")  # fmt: skip


def _addresses_of(url: str) -> list[IPv4Address | IPv6Address]:
    parts = urlsplit(url)
    return addresses(parts.hostname, parts.port or 443)


def addresses(host: str | None, port: int) -> list[IPv4Address | IPv6Address]:
    """What a name leads to; an IPv4 address dressed as IPv6 is undressed."""
    try:
        found = getaddrinfo(host, port, type=SOCK_STREAM)
    except (OSError, UnicodeError):
        return []  # then asking it fails, with words of its own
    told = [ip_address(one[4][0].split("%")[0]) for one in found]
    return [getattr(one, "ipv4_mapped", None) or one for one in told]


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
            body = b"".join(blocks(answer, shown, BYTES_MAX, "Ask for a shorter period"))
    except BROKEN as error:
        raise FetchError(
            f"{shown}: no answer ({type(error).__name__})", "Check the address and the network"
        ) from error
    if not 200 <= answer.status_code < 300:
        told = _told(body)
        cure = (cures or {}).get(answer.status_code) or cure_of(answer.status_code)
        raise Refusal(f"{shown} answers {answer.status_code}{told}", cure, answer.status_code)
    return body


def _told(body: bytes) -> str:
    """`: what the answer says`; of a web page that it is one, for its tags say nothing."""
    if body.lstrip()[:1] == b"<":
        return " with a web page"
    told = " ".join(body[:_TOLD_CHARS].decode(errors="replace").split())
    return f": {told}" if told else ""


def read_json(made: requests.Session, method: str, url: str, **more) -> object:
    """As `read`, parsed; numbers with a point stay text-exact (Decimal is up to the reader)."""
    body = read(made, method, url, **more)
    try:
        return json.loads(body, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise FetchError(
            f"{url.split('?')[0]} answers no JSON ({error})", "Check the address"
        ) from error


def cure_of(status: int) -> str:
    """What to do about a status that means the same everywhere."""
    if 300 <= status < 400:
        return "It sends us elsewhere; credentials are not sent along: give that address itself"
    if status == 429 or status >= 500:
        return "The server asks to wait, or fails: the next run asks again"
    return "Check the address and the credentials"


def blocks(answer: requests.Response, shown: str, bytes_max: int, cure: str) -> Iterator[bytes]:
    """The body, unpacked, as it comes. Raises `FetchError` for more than `bytes_max`, or for a
    server that only drips: no timeout of a socket ends that."""
    size, began = 0, time.monotonic()
    while block := answer.raw.read1(_BLOCK_BYTES, decode_content=True):
        size += len(block)
        if size > bytes_max:
            raise FetchError(f"{shown}: more than {bytes_max} bytes", cure)
        took = time.monotonic() - began
        if took > PATIENCE_SECONDS and size < took * SLOWEST_BYTES_A_SECOND:
            told = f"{shown} sends less than {SLOWEST_BYTES_A_SECOND} bytes a second"
            raise FetchError(told, "Check the server and the network; the next run asks again")
        yield block
