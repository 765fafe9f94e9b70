"""S3 Inventory as CSV with a header, or Parquet: what lies where and how old it is
(docs/sources/s3_inventory.md).

AWS' CSV has no header: the connector puts the manifest's schema there. The day of the snapshot is
in the name of the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
import re
from typing import BinaryIO
from urllib.parse import unquote_plus

from ingest.records import Rejected, StorageRecord, storage_age
from ingest.sources import cells
from ingest.sources.base import Head, RowReader, Unreadable
from ingest.sources.tables import Chunk, chunks

NAME = "s3_inventory"
PREFIXES_MAX = 10_000
_NEEDED = {"bucket", "key"}
_ANY = {"size", "lastmodifieddate", "storageclass"}
_ACCESSED = ("lastaccessdate", "lastaccesseddate", "lastaccesstime", "lastaccessed")
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)")
_YES = ("true", "1", "t")


def fold(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def identify(head: Head) -> bool:
    columns = {fold(column) for column in head.columns}
    return columns >= _NEEDED and bool(columns & _ANY)


@dataclass
class _Sum:
    objects: int = 0
    bytes: int | None = 0


@dataclass
class _Snapshot:
    day: date
    sums: dict[tuple, _Sum] = field(default_factory=dict)
    prefixes: set[tuple[str, str]] = field(default_factory=set)
    ages: dict[str, int | None] = field(default_factory=dict)


def records(stream: BinaryIO, name: str) -> Iterator[StorageRecord | Rejected]:
    """One record per place, class, version and age. Raises `Unreadable` without a day."""
    told = _DAY.findall(name)
    if not told:
        cure = "Put the day of the snapshot into its name: inventory-2026-09-30.csv.gz"
        raise Unreadable("the name tells no day", name, cure)
    snapshot = _Snapshot(date.fromisoformat(told[-1]))
    for chunk in chunks(stream, name):
        yield from chunk.rejected
        yield from _add(chunk, snapshot)
    for (bucket, prefix, kind, version, age, idle), total in snapshot.sums.items():
        yield StorageRecord(
            day=snapshot.day, provider="AWS", bucket=bucket, prefix=prefix, storage_class=kind,
            version=version, age_days_min=age, idle_days_min=idle, objects=total.objects,
            bytes=total.bytes,
        )  # fmt: skip


READER = RowReader(name=NAME, kind="storage", identify=identify, records=records)


def _add(chunk: Chunk, snapshot: _Snapshot) -> Iterator[Rejected]:
    columns = {fold(n): cells_ for n, cells_ in zip(chunk.columns, chunk.cells, strict=True)}
    for row, line in enumerate(chunk.lines):
        told = {name: values[row] for name, values in columns.items()}
        try:
            _count(told, snapshot)
        except ValueError as error:
            yield Rejected(line, str(error), chunk.raw(row))


def _count(told: Mapping[str, str | None], snapshot: _Snapshot) -> None:
    bucket, key = told.get("bucket") or "", told.get("key")
    if not bucket or key is None:
        raise ValueError("no bucket or no key")
    kind = told.get("storageclass") or ""
    if tier := told.get("intelligenttieringaccesstier"):
        kind = f"{kind}/{tier}"
    is_marker = (told.get("isdeletemarker") or "").lower() in _YES
    is_latest = (told.get("islatest") or "true").lower() in _YES
    version = "current" if is_latest and not is_marker else "noncurrent"
    size = cells.count(told["size"]) if told.get("size") else 0 if is_marker else None
    idle = next((told[name] for name in _ACCESSED if told.get(name)), None)
    age, unread = (_age(text, snapshot) for text in (told.get("lastmodifieddate"), idle))
    place = (cells.text(bucket), _prefix(bucket, key, snapshot), kind, version, age, unread)
    total = snapshot.sums.setdefault(place, _Sum())
    total.objects += 1
    total.bytes = None if size is None or total.bytes is None else total.bytes + size


def _age(text: str | None, snapshot: _Snapshot) -> int | None:
    """The bucket of days between a time and the snapshot; only its day is looked at."""
    if not text:
        return None
    day = text[:10]
    if day not in snapshot.ages:
        snapshot.ages[day] = storage_age((snapshot.day - cells.calendar_day(day)).days)
    return snapshot.ages[day]


def _prefix(bucket: str, key: str, snapshot: _Snapshot) -> str:
    """The first two folders. Where there are too many, as with one for each of a million users,
    those beyond are summed up as "…"."""
    parts = unquote_plus(key).split("/")[:-1][:2]
    prefix = "".join(f"{part}/" for part in parts)[: cells.TEXT_CHARS_MAX].replace("\x00", "")
    if (bucket, prefix) in snapshot.prefixes:
        return prefix
    if len(snapshot.prefixes) >= PREFIXES_MAX:
        return "…"
    snapshot.prefixes.add((bucket, prefix))
    return prefix
