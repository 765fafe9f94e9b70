"""Inventory reports of Google Cloud's Storage Insights, CSV or Parquet: what lies where and how old
it is (docs/sources/storage_inventories.md)."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from ingest.records import Rejected, StorageRecord
from ingest.sources import cells
from ingest.sources.base import Head, RowReader
from ingest.sources.storage_sums import Object, fold, summed

NAME = "gcs_inventory"
_NEEDED = {"bucket", "name", "size"}
_ANY = {"updated", "timecreated", "storageclass"}


def identify(head: Head) -> bool:
    columns = {fold(column) for column in head.columns}
    return columns >= _NEEDED and bool(columns & _ANY) and "contentlength" not in columns


def records(stream: BinaryIO, name: str) -> Iterator[StorageRecord | Rejected]:
    """One record per bucket, folder, class, version and age."""
    yield from summed(stream, name, "Google Cloud", _object)


READER = RowReader(name=NAME, kind="storage", identify=identify, records=records)


def _object(told: Mapping[str, str]) -> Object:
    """The report knows no time of access."""
    return Object(
        bucket=told["bucket"],
        key=told["name"],
        storage_class=told.get("storageclass", ""),
        version="noncurrent" if told.get("timedeleted") else "current",
        size=cells.count(told["size"]) if told["size"] else None,
        modified=told.get("updated") or told.get("timecreated", ""),
        accessed="",
    )
