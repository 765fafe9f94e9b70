"""What an inventory of a store is summed into: few rows for millions of objects."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
import re
from typing import BinaryIO
from urllib.parse import unquote_plus

from ingest.records import Rejected, StorageRecord, storage_age
from ingest.sources import cells
from ingest.sources.base import Unreadable
from ingest.sources.tables import Chunk, chunks

PREFIXES_MAX = 10_000
_DAY = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)")
_EPOCH_MS = re.compile(r"\d{12,14}\Z")


@dataclass(frozen=True)
class Object:
    """One row of an inventory. Times are as written, '' where they are not told."""

    bucket: str
    key: str
    storage_class: str
    version: str
    size: int | None
    modified: str
    accessed: str


@dataclass
class _Sum:
    objects: int = 0
    bytes: int | None = 0


@dataclass
class Snapshot:
    """The sums of one file."""

    provider: str
    day: date
    sums: dict[tuple, _Sum] = field(default_factory=dict)
    prefixes: set[tuple[str, str]] = field(default_factory=set)
    ages: dict[str, int | None] = field(default_factory=dict)

    def add(self, one: Object) -> None:
        """Raises ValueError for what cannot be read."""
        if not one.bucket or not one.key:
            raise ValueError("no bucket or no name of an object")
        ages = (self._age(one.modified), self._age(one.accessed))
        place = (cells.text(one.bucket), self._prefix(one.bucket, one.key), one.storage_class)
        total = self.sums.setdefault((*place, one.version, *ages), _Sum())
        total.objects += 1
        known = one.size is not None and total.bytes is not None
        total.bytes = total.bytes + one.size if known else None

    def records(self) -> Iterator[StorageRecord]:
        for (bucket, prefix, kind, version, age, idle), total in self.sums.items():
            yield StorageRecord(
                day=self.day, provider=self.provider, bucket=bucket, prefix=prefix,
                storage_class=kind, version=version, age_days_min=age, idle_days_min=idle,
                objects=total.objects, bytes=total.bytes,
            )  # fmt: skip

    def _age(self, text: str) -> int | None:
        """The bucket of days between a time and the snapshot; only its day is looked at."""
        if not text:
            return None
        told = text if _EPOCH_MS.match(text) or "," in text else text[:10]
        if told not in self.ages:
            self.ages[told] = storage_age((self.day - _day_of(told)).days)
        return self.ages[told]

    def _prefix(self, bucket: str, key: str) -> str:
        """The first two folders. Where there are too many, as with one for each of a million users,
        those beyond are summed up as "…"."""
        parts = key.split("/")[:-1][:2]
        prefix = "".join(f"{part}/" for part in parts)[: cells.TEXT_CHARS_MAX].replace("\x00", "")
        if (bucket, prefix) in self.prefixes:
            return prefix
        if len(self.prefixes) >= PREFIXES_MAX:
            return "…"
        self.prefixes.add((bucket, prefix))
        return prefix


def fold(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def summed(
    stream: BinaryIO, name: str, provider: str, of: Callable[[Mapping[str, str]], Object | None]
) -> Iterator[StorageRecord | Rejected]:
    """One record per place, class, version and age. `of` makes an object of a row, by `fold`ed
    column names, or None for a row that is none. Raises `Unreadable` without a day."""
    told = _DAY.findall(name)
    if not told:
        cure = "Put the day of the snapshot into its name: inventory-2026-09-30.csv.gz"
        raise Unreadable("the name tells no day", name, cure)
    snapshot = Snapshot(provider, date(*map(int, told[-1])))
    for chunk in chunks(stream, name):
        yield from chunk.rejected
        yield from _add(chunk, snapshot, of)
    yield from snapshot.records()


def _add(chunk: Chunk, snapshot: Snapshot, of) -> Iterator[Rejected]:
    columns = {fold(n): values for n, values in zip(chunk.columns, chunk.cells, strict=True)}
    for row, line in enumerate(chunk.lines):
        told = {name: values[row] or "" for name, values in columns.items()}
        try:
            if one := of(told):
                snapshot.add(one)
        except ValueError as error:
            yield Rejected(line, str(error), chunk.raw(row))


def _day_of(text: str) -> date:
    """ISO 8601, milliseconds since 1970, or a date as mail has it."""
    if _EPOCH_MS.match(text):
        return datetime.fromtimestamp(int(text) / 1000, UTC).date()
    if "," in text:
        return parsedate_to_datetime(text).date()
    return cells.calendar_day(text)


def plain_key(key: str) -> str:
    """A key written as in an address."""
    return unquote_plus(key)
