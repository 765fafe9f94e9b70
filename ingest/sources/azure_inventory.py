"""Azure Blob Inventory, CSV or Parquet: what lies where, how old and how long unread
(docs/sources/storage_inventories.md)."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from ingest.records import Rejected, StorageRecord
from ingest.sources import cells
from ingest.sources.base import Head, RowReader
from ingest.sources.storage_sums import Object, fold, summed

NAME = "azure_inventory"
_NEEDED = {"name", "contentlength"}
_ANY = {"lastmodified", "accesstier", "blobtype"}
_YES = ("true", "1")


def identify(head: Head) -> bool:
    columns = {fold(column) for column in head.columns}
    return columns >= _NEEDED and bool(columns & _ANY)


def records(stream: BinaryIO, name: str) -> Iterator[StorageRecord | Rejected]:
    """One record per container, folder, tier, version and age."""
    yield from summed(stream, name, "Microsoft", _object)


READER = RowReader(name=NAME, kind="storage", identify=identify, records=records)


def _object(told: Mapping[str, str]) -> Object | None:
    """A folder of a hierarchical account is none."""
    if told.get("hdiisfolder", "").lower() in _YES:
        return None
    container, _, key = told["name"].partition("/")
    kept = told.get("snapshot") or told.get("deleted", "").lower() in _YES
    is_current = (told.get("iscurrentversion") or "true").lower() in _YES
    return Object(
        bucket=container,
        key=key,
        storage_class=told.get("accesstier", ""),
        version="current" if is_current and not kept else "noncurrent",
        size=cells.count(told["contentlength"]) if told["contentlength"] else None,
        modified=told.get("lastmodified", ""),
        accessed=told.get("lastaccesstime", ""),
    )
