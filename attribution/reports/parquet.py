"""Rows as Parquet, piece by piece and in the memory of one row group; nothing is rounded, and the
schema is the same with and without rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
import io
from itertools import islice
import json

from aicost.kernel.late import Late
from aicost.kernel.money import plain
from attribution.reports.columns import COUNT, DAY, DECIMAL, MEASURE, TEXT, TIME, kind_of
from attribution.reports.question import spec_values
from attribution.reports.spec import Spec

pa = Late("pyarrow")
pc = Late("pyarrow.csv")
pq = Late("pyarrow.parquet")

ROWS_A_GROUP = 10_000
FLAG, WIDE = "flag", "wide"
# Columns of reports that hold more, or other things, than their kind says.
_KINDS = dict.fromkeys(
    ("billed_written", "control_written", "difference", "control_difference"), WIDE
) | {"delta_percent": TEXT}


def schema_of(
    columns: Iterable[tuple[str, str]], about: Mapping[str, str], converted: bool = False
) -> pa.Schema:
    """Of columns by name and kind; `about` stands in the file's metadata. `converted`: amounts
    were multiplied by rates."""
    types = _types(converted)
    fields = [pa.field(name, types[kind]) for name, kind in columns]
    return pa.schema(fields, metadata=dict(about))


def _types(converted: bool) -> dict[str, pa.DataType]:
    """By kind. Two numbers of 18 decimals, multiplied, have 36."""
    return {
        TEXT: pa.string(),
        DAY: pa.date32(),
        TIME: pa.timestamp("us", tz="UTC"),
        COUNT: pa.int64(),
        DECIMAL: pa.decimal256(76, 36) if converted else pa.decimal128(38, 18),
        MEASURE: pa.float64(),
        FLAG: pa.bool_(),
        WIDE: pa.decimal256(76, 30),
    }


def schema_of_report(
    spec: Spec,
    columns: Sequence[str],
    about: Mapping[str, str] | None = None,
    more: Iterable[tuple[str, str]] = (),
) -> pa.Schema:
    """Of a report's columns and `more` of them; the question stands in the metadata too."""
    told = [(name, _KINDS.get(name) or kind_of(name)) for name in columns]
    metadata = {"aicost": json.dumps(spec_values(spec)), **(about or {})}
    return schema_of([*told, *more], metadata, bool(spec.in_currency))


def pieces(
    schema: pa.Schema, rows: Iterable[Sequence], compression: str = "snappy"
) -> Iterator[bytes]:
    """The file of these rows, whose values stand in the order of the schema, as it is written."""
    yield from file_of(schema, _tables(schema, iter(rows)), compression)


def file_of(
    schema: pa.Schema, tables: Iterable[pa.Table], compression: str = "snappy"
) -> Iterator[bytes]:
    """The file of these tables, one row group each, as it is written."""
    sink = _Sink()
    with pq.ParquetWriter(sink, schema, compression=compression) as writer:
        for table in tables:
            writer.write_table(table)
            yield sink.taken()
    yield sink.taken()


def table_of_csv(schema: pa.Schema, lines: bytes) -> pa.Table:
    """Of whole lines of CSV as Postgres copies them: nothing is unknown, `""` is no text."""
    return pc.read_csv(
        pa.BufferReader(lines),
        read_options=pc.ReadOptions(
            column_names=schema.names, use_threads=False, block_size=len(lines)
        ),
        parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=dict(zip(schema.names, schema.types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    ).cast(schema)


def _tables(schema: pa.Schema, rows: Iterator[Sequence]) -> Iterator[pa.Table]:
    while group := list(islice(rows, ROWS_A_GROUP)):
        columns = zip(zip(*group, strict=True), schema, strict=True)
        arrays = [pa.array(_values(told, one.type), type=one.type) for told, one in columns]
        yield pa.table(arrays, schema=schema)


def _values(told: Sequence, kind: pa.DataType) -> Sequence:
    """A column of text may hold numbers: they are written as JSON has them."""
    if not pa.types.is_string(kind):
        return told
    return [plain(value) if isinstance(value, Decimal) else value for value in told]


class _Sink(io.RawIOBase):
    """Where Parquet is written to, piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        data, self._pieces = b"".join(self._pieces), []
        return data
