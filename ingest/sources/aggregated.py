"""Charges that a bill expression has already summed elsewhere, inside BigQuery for instance, kept
as Parquet (docs/sources/aggregated_charges.md). Its columns are those of `COLUMNS`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from aicost.kernel.late import Late
from ingest.sources.base import BillReader, Head
from ingest.sources.charges import (
    AMOUNTS,
    COLUMNS,
    COUNTS,
    MAYBE_AMOUNTS,
    ROW,
    SCOPE_PART,
    VIEW,
    canonical_series,
    json_text,
    missing,
)
from ingest.sources.values import FINE, LEDGER

ibis = Late("ibis")
ir = Late("ibis.expr.types")
pa = Late("pyarrow")
pq = Late("pyarrow.parquet")

NAME = "aggregated_charges"
STRICT = (
    ("day", "time", False),
    ("billing_period", "time", False),
    *((name, "amount", False) for name in AMOUNTS),
    *((name, "amount", True) for name in MAYBE_AMOUNTS),
)
_BATCH = 20_000
_DATES = ("day", "billing_period")


def identify(head: Head) -> bool:
    return head.first_bytes.startswith(b"PAR1") and {*COLUMNS, SCOPE_PART} <= set(head.columns)


def required(columns: tuple[str, ...]) -> tuple[str, ...]:
    return missing(columns, COLUMNS, str)


def strict(columns: Sequence[str]) -> tuple[tuple[str, str, bool], ...]:
    return STRICT


def expression(table: ir.Table) -> ir.Table:
    """The rows as they are; one without a day, a month or a cost is refused."""
    unread = [table[name].isnull() for name, _, maybe in STRICT if not maybe]
    typed = {name: table[name].cast("date") for name in _DATES}
    typed |= {name: table[name].cast(LEDGER) for name in (*AMOUNTS, *MAYBE_AMOUNTS)}
    typed |= {name: table[name].cast("int64") for name in COUNTS}
    typed["rows_refused"] += ibis.or_(*unread).cast("int64")
    typed["billed_rest"] = table.billed_rest.cast(FINE)
    typed["long_period_end"] = table.long_period_end.cast("timestamp")
    kept = (*COLUMNS, SCOPE_PART, *(name for name in (VIEW, ROW) if name in table.columns))
    return table.select(*(typed.get(name, table[name]).name(name) for name in kept))


def schema(metadata: Mapping[str, str], columns: Iterable[str] = ()) -> pa.Schema:
    """Of the Parquet file; `metadata` says where its charges were summed. It has the view of the
    bill where `columns`, those of the charges, have it."""
    kinds = {name: pa.decimal128(38, 18) for name in (*AMOUNTS, *MAYBE_AMOUNTS)}
    kinds |= {name: pa.int64() for name in COUNTS} | {name: pa.date32() for name in _DATES}
    kinds |= {"billed_rest": pa.decimal128(38, 30), "long_period_end": pa.timestamp("us")}
    told = (*COLUMNS, SCOPE_PART, *(name for name in (VIEW,) if name in columns))
    fields = [(name, kinds.get(name, pa.string())) for name in told]
    return pa.schema(fields, metadata=dict(metadata))


def write(
    path: Path,
    rows: Iterable[Mapping[str, object]],
    metadata: Mapping[str, str],
    columns: Iterable[str] = (),
) -> int:
    """Write canonical rows of these columns, tags and extras as JSON; how many. Raises
    ValueError for tags that cannot be read and for sums beyond 38 digits."""
    shape, count, told = schema(metadata, columns), 0, map(finished, rows)
    with pq.ParquetWriter(path, shape, compression="zstd") as out:
        while batch := list(islice(told, _BATCH)):
            out.write_table(pa.Table.from_pylist(batch, schema=shape))
            count += len(batch)
    return count


def finished(row: Mapping[str, object]) -> dict[str, object]:
    """A canonical row as the file has it. Raises ValueError for tags that cannot be read."""
    series = canonical_series(row)
    told = {name: series.get(name, row.get(name)) for name in (*COLUMNS, SCOPE_PART, VIEW)}
    return told | {name: json_text(series[name]) for name in ("tags", "extras")}


READER = BillReader(NAME, identify, expression, required, strict)
