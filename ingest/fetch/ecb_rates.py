"""Exchange rates of the European Central Bank from an address somebody chose
(docs/sources/ecb_rates.md)."""

from collections.abc import Iterator, Mapping
import hashlib
import io
from pathlib import Path
import zipfile

from ingest.fetch.base import Check, Connector, Fetched, FetchError, Field
from ingest.fetch.http import file_url, read, session

_UNPACKED_BYTES_MAX = 64 * 1024**2
_CURES = {404: "Check the address: the history is eurofxref-hist.zip or .csv"}


def test(config: Mapping) -> Iterator[Check]:
    content = _content(config)
    first = content.splitlines()[0].decode(errors="replace") if content else ""
    ok = first.removeprefix("\ufeff").startswith("Date,") and "USD" in first
    cure = "" if ok else "It must begin with Date,USD,JPY,…: the daily history, not today's rates"
    yield Check(ok, f"{len(content)} bytes came; they begin with {first[:40]!r}", cure)


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """The whole history whenever it is another than last time."""
    content = _content(config)
    sha256 = hashlib.sha256(content).hexdigest()
    if state.get("sha256") == sha256:
        return
    path = folder / "eurofxref-hist.csv"
    path.write_bytes(content)
    yield Fetched((path,), path.name, {"sha256": sha256}, {"bytes": len(content)})


def _content(config: Mapping) -> bytes:
    url = file_url(str(config["url"]))
    content = read(session(), "GET", url, cures=_CURES)
    return _unpacked(content, url) if content.startswith(b"PK\x03\x04") else content


def _unpacked(content: bytes, url: str) -> bytes:
    """The one CSV of the archive the bank offers."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            [member] = archive.infolist()
            if member.file_size > _UNPACKED_BYTES_MAX:
                raise FetchError(f"{url} unpacks to {member.file_size} bytes", "Check the address")
            return archive.read(member)
    except (ValueError, zipfile.BadZipFile) as error:
        cure = "Name the address of eurofxref-hist, which holds one CSV"
        raise FetchError(f"{url} is no archive of one file ({error})", cure) from error


CONNECTOR = Connector(
    name="ecb_rates",
    title="Exchange rates (ECB)",
    summary="Monthly rates from the daily history of the European Central Bank",
    kind="map",
    fields=(
        Field("url", "Address", help="Of eurofxref-hist.zip or .csv, at the bank or a mirror"),
    ),
    test=test,
    fetch=fetch,
    every_minutes=1440,
)
