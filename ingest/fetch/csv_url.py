"""Files at web addresses, fetched again when they changed: canonical ones, or mapped."""

from collections.abc import Iterator, Mapping
import hashlib
from pathlib import Path
import re
from urllib.parse import unquote, urljoin, urlsplit

import requests

from ingest.fetch import http
from ingest.fetch.base import FLAG, LINES, SECRET, Check, Connector, Fetched, FetchError, Field
from ingest.fetch.landing import landing

FILE_BYTES_MAX = 2 * 1024**3
REDIRECTS_MAX = 5
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
_CURES = {
    401: "Check the token, or user and password",
    403: "Whoever the token belongs to may not read this file",
    404: "Check the address",
}


def test(config: Mapping) -> Iterator[Check]:
    for url in config["urls"]:
        with _opened(config, url, {}, tries=1) as answer:
            first = next(answer.iter_content(1024), b"")
            size = answer.headers.get("Content-Length", "")
        shown = _shown(url)
        if first.lstrip()[:1] == b"<":
            cure = "That is a web page, perhaps of a login: give the address of the file itself"
            yield Check(False, f"{shown} answers HTML", cure)
        elif not first:
            yield Check(False, f"{shown} is empty", "Check the address")
        else:
            yield Check(True, f"{shown} can be read{f', {size} bytes' if size else ''}")


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """A set for each address whose file is new: by ETag or Last-Modified where the server has
    them, else by its bytes."""
    seen = {url: dict(told) for url, told in state.get("files", {}).items()}
    for url in config["urls"]:
        known = seen.get(url, {})
        with _opened(config, url, known) as answer:
            if answer.status_code == 304:
                continue
            path = folder / _name(url)
            sha256 = _landed(answer, path, _shown(url))
            told = {
                "etag": answer.headers.get("ETag", ""),
                "modified": answer.headers.get("Last-Modified", ""),
                "sha256": sha256,
            }
        seen[url] = told
        same = sha256 == known.get("sha256")
        if same:
            path.unlink()
        yield Fetched(
            () if same else (path,), _shown(url), {"files": dict(seen)},
            {"bytes": 0 if same else path.stat().st_size}, replace=bool(config["whole"]),
        )  # fmt: skip
        if path.exists():  # the runner clears what stands, and leaves what it had to hold
            seen[url] = known


def _opened(
    config: Mapping, url: str, known: Mapping, tries: int = http.TRIES_MAX
) -> requests.Response:
    """The answer 200 or 304, body unread. Redirects are followed; beyond the host of the address
    without credentials. Raises `FetchError`."""
    made = http.session(tries=tries)
    if config["token"]:
        made.headers["Authorization"] = f"Bearer {config['token']}"
    elif config["user"]:
        made.auth = (config["user"], config["password"] or "")
    asked = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
    headers = {name: value for name, value in asked.items() if value}
    there, home = http.file_url(url), urlsplit(url)
    for _ in range(REDIRECTS_MAX + 1):
        answer = _asked(made, there, headers)
        if not answer.is_redirect:
            break
        there = http.file_url(_target(there, answer.headers["Location"]))
        answer.close()
        http.refuse_inward(there, url)
        target = urlsplit(there)
        if (target.scheme, target.netloc) != (home.scheme, home.netloc):
            made.headers.pop("Authorization", None)
            made.auth = None
            made.trust_env = False  # no netrc either
    else:
        raise FetchError(f"{_shown(url)}: more than {REDIRECTS_MAX} redirects", "Give the last one")
    if answer.status_code not in (200, 304):
        answer.close()
        told = f"{_shown(there)} answers {answer.status_code}"
        raise FetchError(told, _CURES.get(answer.status_code) or http.cure_of(answer.status_code))
    return answer


def _target(there: str, location: str) -> str:
    try:
        return urljoin(there, location)
    except ValueError:
        return location


def _asked(made: requests.Session, url: str, headers: Mapping[str, str]) -> requests.Response:
    try:
        return made.get(
            url, headers=headers, timeout=http.TIMEOUT_SECONDS, stream=True, allow_redirects=False
        )
    except http.BROKEN as error:
        told = f"{_shown(url)}: no answer ({type(error).__name__})"
        raise FetchError(told, "Check the address and the network") from error


def _landed(answer: requests.Response, path: Path, shown: str) -> str:
    """Write the body; its sha256. A body that ends early is refused: it is not the file."""
    digest = hashlib.sha256()
    try:
        with landing(path) as part, part.open("wb") as out:
            for block in http.blocks(answer, shown, FILE_BYTES_MAX, "Split it"):
                digest.update(block)
                out.write(block)
    except http.BROKEN as error:
        told = f"{shown}: the answer broke off ({type(error).__name__})"
        raise FetchError(told, "It is tried again at the next run") from error
    return digest.hexdigest()


def _shown(url: str) -> str:
    """Without query and credentials: both may be secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _name(url: str) -> str:
    """The same for the same address, so that a later file replaces the rows of the former."""
    last = _SAFE.sub("_", unquote(urlsplit(url).path).rsplit("/", 1)[-1])[-80:].lstrip(".")
    return f"{hashlib.sha256(url.encode()).hexdigest()[:8]}-{last or 'file'}"


CONNECTOR = Connector(
    name="csv_url",
    title="Files at a web address",
    summary="CSV, JSON lines or Parquet, canonical or mapped, fetched when they change",
    kind="business",
    fields=(
        Field("urls", "Addresses", LINES, "One file a line: https://…"),
        Field("token", "Token", SECRET, "Sent as bearer token", required=False),
        Field("user", "User", help="For basic authentication", required=False),
        Field("password", "Password", SECRET, required=False),
        Field(
            "whole",
            "A bill is the whole month",
            FLAG,
            "Take a bill that holds much less than the one before it",
            required=False,
            default=False,
        ),
    ),
    test=test,
    fetch=fetch,
)
