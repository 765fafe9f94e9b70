"""S3 Inventory as CSV with a header, or Parquet: what lies where and how old it is
(docs/sources/aws_s3_inventory.md).

AWS' CSV has no header: the connector puts the manifest's schema there. The day of the snapshot is
in the name of the file."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from ingest.records import Rejected, StorageRecord
from ingest.sources import cells
from ingest.sources.base import Head, RowReader
from ingest.sources.storage_sums import Object, fold, plain_key, summed

NAME = "s3_inventory"
_NEEDED = {"bucket", "key"}
_ANY = {"size", "lastmodifieddate", "storageclass"}
_ACCESSED = ("lastaccessdate", "lastaccesseddate", "lastaccesstime", "lastaccessed")
_YES = ("true", "1", "t")


def identify(head: Head) -> bool:
    columns = {fold(column) for column in head.columns}
    return columns >= _NEEDED and bool(columns & _ANY)


def records(stream: BinaryIO, name: str) -> Iterator[StorageRecord | Rejected]:
    """One record per place, class, version and age. Raises `Unreadable` without a day."""
    yield from summed(stream, name, "AWS", _object)


READER = RowReader(name=NAME, kind="storage", identify=identify, records=records)


def _object(told: Mapping[str, str]) -> Object:
    kind = told.get("storageclass", "")
    if tier := told.get("intelligenttieringaccesstier"):
        kind = f"{kind}/{tier}"
    is_marker = told.get("isdeletemarker", "").lower() in _YES
    is_latest = (told.get("islatest") or "true").lower() in _YES
    unsized = 0 if is_marker else None
    return Object(
        bucket=told.get("bucket", ""),
        key=plain_key(told.get("key", "")),
        storage_class=kind,
        version="current" if is_latest and not is_marker else "noncurrent",
        size=cells.count(told["size"]) if told.get("size") else unsized,
        modified=told.get("lastmodifieddate", ""),
        accessed=next((told[name] for name in _ACCESSED if told.get(name)), ""),
    )
