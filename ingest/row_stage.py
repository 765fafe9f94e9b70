"""Rows of one file, parsed and copied into temporary tables, before the transaction that publishes
them: partitions are made here, and a long file holds no lock while it is read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime
import gzip
from itertools import groupby
import json
from pathlib import Path
import tempfile
from typing import BinaryIO
import zlib

from django.db import connection
from psycopg.pq import TransactionStatus

from aicost.kernel.sqlfiles import sql
from ingest.partitions import ensure_partitions
from ingest.records import (
    AliasRecord,
    Batch,
    CustomerRecord,
    FxRateRecord,
    IntervalRecord,
    OutcomeRecord,
    PodRecord,
    PriceRecord,
    QualityRecord,
    Rejected,
    ResourceMapRecord,
    RevenueRecord,
    RunRecord,
    StorageMapRecord,
    StorageRecord,
    UsageRecord,
    WorkloadMapRecord,
)
from ingest.sources.base import RowReader, Unreadable

QUERIES = "ingest.row_queries"
_BATCH_RECORDS = 5_000
_MEMO_MAX = 100_000
_BLOCK_BYTES = 1 << 20
_ANALYZE_ROWS = 10_000


@dataclass(frozen=True)
class Kind:
    """Where records of one class are staged, and the partitioned table they end in."""

    name: str
    record_type: type
    partitioned: str = ""
    dated: bool = True


KINDS = (
    Kind("interval", IntervalRecord, "ingest_gpuinterval"),
    Kind("pod", PodRecord, "ingest_podhour"),
    Kind("usage", UsageRecord, "ingest_usage"),
    Kind("revenue", RevenueRecord),
    Kind("outcome", OutcomeRecord),
    Kind("quality", QualityRecord),
    Kind("run", RunRecord),
    Kind("customer", CustomerRecord, dated=False),
    Kind("storage", StorageRecord),
    Kind("resource_map", ResourceMapRecord, dated=False),
    Kind("workload_map", WorkloadMapRecord, dated=False),
    Kind("storage_map", StorageMapRecord, dated=False),
    Kind("alias", AliasRecord, dated=False),
    Kind("price", PriceRecord, dated=False),
    Kind("fx_rate", FxRateRecord, dated=False),
)


@dataclass
class StagedRows:
    """What one file holds: `kinds` is empty when no row could be read; rejected rows are staged in
    stage_quarantined. `days_of` has the UTC days of the dated rows of each kind, by its name.
    `usage_role` is the reader's."""

    name: str
    usage_role: str = ""
    kinds: list[Kind] = field(default_factory=list)
    loaded: int = 0
    quarantined: int = 0
    days_of: dict[str, tuple[date, ...]] = field(default_factory=dict)

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(sorted({day for days in self.days_of.values() for day in days}))


def _usable() -> bool:
    """Whether the connection takes commands: after an error its transaction has to end first."""
    if connection.connection is None or connection.needs_rollback:
        return False
    return connection.connection.info.transaction_status != TransactionStatus.INERROR


@contextmanager
def staged_rows(reader: RowReader, path: Path, name: str) -> Iterator[StagedRows]:
    """Read a kept file into temporary tables of this connection and drop them afterwards.

    Enter it before the publishing transaction. Raises `Unreadable` when the file as a whole is
    refused; nothing is stored then.
    """
    staged = StagedRows(name, reader.usage_role)
    with tempfile.TemporaryFile() as rejected:
        try:
            with open_kept(path, name) as stream:
                batches = _batches(reader.records(stream, name), rejected, staged)
                _stage(batches, staged)
            _stage_rejected(rejected)
            for kind in staged.kinds:
                staged.days_of[kind.name] = _days(kind)
                if kind.partitioned:
                    ensure_partitions(kind.partitioned, staged.days_of[kind.name])
            yield staged
            _analyze(staged)
        finally:
            if _usable():
                _drop(staged)


@contextmanager
def open_kept(path: Path, name: str) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed if they are gzip. `name` is how errors call it."""
    with open(path, "rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if not zipped:
            yield raw
            return
        with gzip.open(raw) as stream:
            try:
                yield stream
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise Unreadable(f"the gzip is broken: {error}", name, "Send it again") from error


def _batches(records: Iterable, rejected: BinaryIO, staged: StagedRows) -> Iterator[Batch]:
    """Batches of records; rejected rows are set aside as COPY text and counted."""
    single: dict[type, list] = {}
    for item in records:
        if isinstance(item, Rejected):
            staged.quarantined += 1
            cells = (str(item.line), _copy_text(item.reason), _copy_text(item.raw))
            rejected.write(("\t".join(cells) + "\n").encode(errors="backslashreplace"))
        elif isinstance(item, Batch):
            yield item
        else:
            waiting = single.setdefault(type(item), [])
            waiting.append(item)
            if len(waiting) == _BATCH_RECORDS:
                yield _columnar(waiting)
                waiting.clear()
    for waiting in single.values():
        if waiting:
            yield _columnar(waiting)


def _columnar(records: list) -> Batch:
    kind = type(records[0])
    columns = {f.name: [getattr(r, f.name) for r in records] for f in fields(kind)}
    return Batch(kind, [0] * len(records), columns)


def _stage(batches: Iterator[Batch], staged: StagedRows) -> None:
    """Copy batches into the table of their kind; a file may hold several kinds in any order."""
    with connection.cursor() as cursor:
        cursor.execute(sql(QUERIES, "stage_quarantined"))
        stages: dict[type, _Stage] = {}
        for record_type, run in groupby(batches, key=lambda batch: batch.record_type):
            if record_type not in stages:
                kind = next(kind for kind in KINDS if kind.record_type is record_type)
                staged.kinds.append(kind)  # before it is made: whatever happens, it is dropped
                stages[record_type] = _Stage(cursor, kind)
            staged.loaded += stages[record_type].copy(run)
        for kind in staged.kinds:
            if kind.partitioned:
                cursor.execute(sql(QUERIES, f"index_{kind.name}"))
            cursor.execute(f"analyze stage_{kind.name}")
        staged.kinds.sort(key=KINDS.index)


class _Stage:
    """The temporary table of one kind."""

    def __init__(self, cursor, kind: Kind) -> None:
        self.cursor, self.table = cursor, f"stage_{kind.name}"
        cursor.execute(sql(QUERIES, self.table))
        cursor.execute(f"select * from {self.table}")
        self.into = [column.name for column in cursor.description]
        self.memos = {column: _CopyMemo() for column in self.into}

    def copy(self, batches: Iterator[Batch]) -> int:
        """How many rows were written."""
        rows = 0
        with self.cursor.copy(f"copy {self.table} from stdin") as copy:
            for batch in batches:
                copy.write(_block(batch, self.into, self.memos))
                rows += len(batch.lines)
        return rows


def _block(batch: Batch, into: list[str], memos: dict[str, "_CopyMemo"]) -> bytes:
    """The rows of a batch as COPY text, column by column: most columns repeat a few values."""
    defaults = {
        f.name: f.default if f.default_factory is MISSING else f.default_factory()
        for f in fields(batch.record_type)
    }
    columns = []
    for column in into:
        values = batch.columns.get(column)
        if values is None:
            if defaults[column] is MISSING:
                raise TypeError(f"{batch.record_type.__name__} needs {column}")
            values = [defaults[column]] * len(batch.lines)
        columns.append(memos[column].texts(values))
    return ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()


class _CopyMemo(dict):
    def __missing__(self, value: object) -> str:
        self[value] = copied = _copy_text(value)
        return copied

    def texts(self, values) -> list[str]:
        if len(self) > _MEMO_MAX:
            self.clear()
        try:
            return list(map(self.__getitem__, values))
        except TypeError:  # a histogram is no key
            return list(map(_copy_text, values))


def _copy_text(value: object) -> str:
    """One value in Postgres' COPY text format."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        if not value.isprintable() or "\\" in value:
            value = value.replace("\x00", "").replace("\\", "\\\\").replace("\t", "\\t")
            value = value.replace("\n", "\\n").replace("\r", "\\r")
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, dict):
        told = json.dumps({str(key): one for key, one in value.items()}, sort_keys=True)
        return told.replace("\\", "\\\\")
    if isinstance(value, tuple):
        quoted = (one.replace("\\", "\\\\").replace('"', '\\"') for one in value)
        return _copy_text("{" + ",".join(f'"{one}"' for one in quoted) + "}")
    return str(value)


def _stage_rejected(rejected: BinaryIO) -> None:
    rejected.seek(0)
    with connection.cursor() as cursor, cursor.copy("copy stage_quarantined from stdin") as copy:
        while block := rejected.read(_BLOCK_BYTES):
            copy.write(block)


def _days(kind: Kind) -> tuple[date, ...]:
    if not kind.dated:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(sql(QUERIES, f"days_of_{kind.name}"))
        return tuple(sorted(day for (day,) in cursor.fetchall()))


def _analyze(staged: StagedRows) -> None:
    """Statistics for whoever reads next: autovacuum comes a minute later, attribution at once."""
    if staged.loaded < _ANALYZE_ROWS:
        return
    with connection.cursor() as cursor:
        for kind in staged.kinds:
            if kind.partitioned:
                for month in sorted({f"{day:%Y%m}" for day in staged.days_of[kind.name]}):
                    cursor.execute(f"analyze {kind.partitioned}_{month}")


def _drop(staged: StagedRows) -> None:
    names = ["stage_quarantined", "stage_idle", *(f"stage_{kind.name}" for kind in staged.kinds)]
    with connection.cursor() as cursor:
        cursor.execute(f"drop table if exists {', '.join(names)}")
