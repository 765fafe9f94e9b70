"""Reports of model API providers as the connectors land them: JSON lines, one time bucket each,
with what the connector knows beside it (ingest.fetch.buckets)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import io
import json
import re
from typing import BinaryIO

from ingest.records import Rejected, UsageRecord
from ingest.sources import cells
from ingest.sources.base import Head

_RAW_CHARS_MAX = 2_000
_DIMENSIONS = ("team", "feature", "workload", "environment")


@dataclass(frozen=True)
class BucketLine:
    """One bucket: `number` is its physical line; `places` and `keys` give names to ids of projects
    or workspaces and of API keys; `place_is` is the dimension a place stands for, or ''."""

    number: int
    endpoint: str
    organization: str
    place_is: str
    places: Mapping[str, str]
    keys: Mapping[str, str]
    bucket: Mapping[str, object]
    results: tuple[Mapping[str, object], ...]

    def place(self, key: object) -> str:
        """The name of a project or workspace; its id where no name is known, '' for none."""
        return self.places.get(str(key), str(key)) if key else ""

    def owner(self, place: object, api_key: object) -> dict[str, str]:
        """What a place and an API key say about who used it, as fields of a usage record. A key
        is the workload it was made for."""
        told = (
            {"workload": cells.text(self.keys.get(str(api_key), str(api_key)))} if api_key else {}
        )
        name = self.place(place)
        if self.place_is and name:
            told[self.place_is] = cells.text(name)
        return told


def identifies(report: str):
    """Whether a file begins with a line of this report."""
    mark = re.compile(rb'\s*\{"report": ?"' + report.encode() + rb'"')

    def identify(head: Head) -> bool:
        return bool(mark.match(head.first_bytes.removeprefix(b"\xef\xbb\xbf")))

    return identify


def bucket_lines(stream: BinaryIO, name: str) -> Iterator[BucketLine | Rejected]:
    """Every line that holds something, `Rejected` for one that is no bucket. Numbers with a point
    are text. Raises UnicodeDecodeError."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        for number, content in enumerate(text, start=1):
            if content.strip():
                yield _line(number, content)
    finally:
        text.detach()


def _line(number: int, content: str) -> BucketLine | Rejected:
    try:
        told = json.loads(content, parse_float=str, parse_constant=str)
        bucket = told["bucket"]
        results = bucket.get("results") or []
        place_is = str(told.get("place_is") or "")
        return BucketLine(
            number,
            str(told["endpoint"]),
            str(told.get("organization") or "default"),
            place_is if place_is in _DIMENSIONS else "",
            _names(told.get("places")),
            _names(told.get("keys")),
            bucket,
            tuple(dict(one) for one in results),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no bucket of a report ({type(error).__name__}: {str(error)[:100]})"
        return Rejected(number, reason, content[:_RAW_CHARS_MAX])


def _names(told: object) -> dict[str, str]:
    return {str(key): str(name) for key, name in dict(told or {}).items()}


def usage_records(stream: BinaryIO, name: str, read) -> Iterator[UsageRecord | Rejected]:
    """`read(line, result)` yields the records of one result, or raises ValueError with the reason
    for quarantine."""
    for line in bucket_lines(stream, name):
        if isinstance(line, Rejected):
            yield line
            continue
        for result in line.results:
            try:
                yield from list(read(line, result))
            except ValueError as error:
                raw = json.dumps(result, ensure_ascii=False)
                yield Rejected(line.number, str(error), raw[:_RAW_CHARS_MAX])


def count(result: Mapping[str, object], *names: str) -> int:
    """The sum of counts; what is not told is none. Raises ValueError naming the field."""
    total = 0
    for name in names:
        value = result.get(name)
        if value is not None:
            try:
                total += cells.count(str(value))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    return total


def text(result: Mapping[str, object], name: str) -> str:
    """Raises ValueError naming the field."""
    value = result.get(name)
    try:
        return "" if value is None else cells.text(str(value))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def unix_time(seconds: object) -> datetime:
    """Raises ValueError for what is no time."""
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{str(seconds)[:40]!r} is no Unix time") from None
