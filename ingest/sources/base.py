"""What a source module offers: one `Reader` object. Readers are pure and import no Django."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from aicost.kernel.late import Late
from ingest.records import Batch, Record, Rejected

ir = Late("ibis.expr.types")


class Unreadable(Exception):
    """The whole file or set is refused. `where` is 'file' or 'file, line N'; `cure` says what
    to do. Raised by readers and by loading; nothing is stored."""

    def __init__(self, message: str, where: str = "", cure: str = "") -> None:
        super().__init__(". ".join(part for part in (f"{where}: {message}", cure) if part))
        self.where, self.message, self.cure = where, message, cure


@dataclass(frozen=True)
class Head:
    """The beginning of one file: its name, its column names if it has a header or a schema, and
    its first bytes (at most 64 KiB, decompressed)."""

    name: str
    columns: tuple[str, ...]
    first_bytes: bytes


Flatten = Callable[[BinaryIO, str], Iterable[tuple[int, dict[str, str]]]]


@dataclass(frozen=True)
class BillReader:
    """A bill: `expression(table)` turns the all-text (or Parquet) rows of a set into the canonical
    charge rows of `ingest.sources.charges.COLUMNS`, as one relational expression that runs
    unchanged on DuckDB, BigQuery and Spark. `required(columns)` names the columns a file lacks and
    must have; `strict(columns)` gives (column, 'amount' or 'time', may be blank) of each value that
    refuses the whole set when it cannot be read, so that loading can find its line.

    `flatten(stream, name)` is for files that are no table: of the decompressed bytes of a file that
    begins with { or [ (with `flattens_tables`: of any but Parquet) it yields (physical line counted
    from 1, {column: text}) of every row, or raises `Unreadable`. It runs more than once."""

    name: str
    identify: Callable[[Head], bool]
    expression: Callable[[ir.Table], ir.Table]
    required: Callable[[tuple[str, ...]], tuple[str, ...]]
    strict: Callable[[tuple[str, ...]], tuple[tuple[str, str, bool], ...]]
    kind: str = "bill"
    flatten: Flatten | None = None
    flattens_tables: bool = False


@dataclass(frozen=True)
class RowReader:
    """Telemetry, usage, business rows or maps. `records(stream, name)` reads the decompressed bytes
    and yields a record, a `Batch` of records, or `Rejected` for every row of the file, so that
    rows read = rows loaded + rows quarantined. kind is telemetry, usage, business, storage or map.
    `usage_role` says whose count of the calls its usage is: `calls`, or `provider_count`."""

    name: str
    kind: str
    identify: Callable[[Head], bool]
    records: Callable[[BinaryIO, str], Iterable[Record | Batch | Rejected]]
    usage_role: str = "calls"


Reader = BillReader | RowReader
