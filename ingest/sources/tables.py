"""Rows of a table file as chunks of text cells: CSV, JSON lines and Parquet, one shape for all.

Cells are text or None. Typed Parquet columns become the text a CSV would hold (a double its
shortest repr), so that one set of parsers decides what a value means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
import csv
from dataclasses import dataclass, field
import io
from itertools import islice
import json
from typing import BinaryIO

from aicost.kernel.late import Late
from ingest.records import Rejected
from ingest.sources.base import Head, Unreadable

pa = Late("pyarrow")
pq = Late("pyarrow.parquet")

CHUNK_ROWS = 20_000
COLUMNS_MAX = 5_000
# Of the whole process, so the same wherever it is set; loading has refused longer rows before.
_CELL_CHARS_MAX = 16 * 1024 * 1024
_RAW_CHARS_MAX = 2_000


@dataclass
class Chunk:
    """Some rows: `cells[c][r]` is the text of column c in row r, which began on `lines[r]`.
    `has_header`: the columns are those of the file; JSON lines have only what their rows hold."""

    columns: tuple[str, ...]
    lines: list[int]
    cells: list[Sequence[str | None]]
    rejected: list[Rejected] = field(default_factory=list)
    has_header: bool = True

    def raw(self, row: int) -> str:
        """The row as one line of JSON, for quarantine."""
        values = {name: column[row] for name, column in zip(self.columns, self.cells, strict=True)}
        told = {name: value for name, value in values.items() if value not in (None, "")}
        return json.dumps(told, ensure_ascii=False)[:_RAW_CHARS_MAX]


def chunks(stream: BinaryIO, name: str) -> Iterator[Chunk]:
    """The rows of one decompressed file, by its content: Parquet, JSON lines or CSV."""
    start = stream.read(4)
    stream.seek(0)
    if start == b"PAR1":
        yield from _parquet_chunks(stream, name)
        return
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        if start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
            yield from _jsonl_chunks(text)
        else:
            yield from _csv_chunks(text, name)
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"the text is not UTF-8 ({error.reason})", name, "Save it as UTF-8"
        ) from error
    finally:
        text.detach()


def columns_of(head: Head) -> frozenset[str]:
    """Normalised column names of a file's beginning; of JSON lines, the keys of the first."""
    first = head.first_bytes.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    if not first.startswith(b"{"):
        return frozenset(map(normal, head.columns))
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):  # no JSON after all: then it has no columns
        return frozenset()
    return frozenset(map(normal, row))


def normal(column: str) -> str:
    return column.strip().lower().lstrip("\ufeff")


def _csv_chunks(text: io.TextIOWrapper, name: str) -> Iterator[Chunk]:
    csv.field_size_limit(_CELL_CHARS_MAX)
    rows = csv.reader(text)
    try:
        header = next((row for row in rows if any(row)), None)
    except csv.Error as error:
        raise Unreadable(str(error), f"{name}, line {rows.line_num}", "Mend the header") from error
    if header is None:
        return
    columns = _checked(header, name)
    while chunk := _csv_chunk(rows, columns, name):
        yield chunk


def _csv_chunk(rows, columns: tuple[str, ...], name: str) -> Chunk | None:
    lines, kept, rejected, width = [], [], [], len(columns)
    line = rows.line_num + 1
    try:
        for row in islice(rows, CHUNK_ROWS):
            if len(row) == width:
                lines.append(line)
                kept.append(row)
            elif row:
                reason = f"{len(row)} fields where the header has {width}"
                rejected.append(Rejected(line, reason, ",".join(row)[:_RAW_CHARS_MAX]))
            line = rows.line_num + 1
    except csv.Error as error:
        raise Unreadable(str(error), f"{name}, line {rows.line_num}", "Mend the quoting") from error
    if not kept and not rejected:
        return None
    cells = list(zip(*kept, strict=True)) if kept else [()] * width
    return Chunk(columns, lines, cells, rejected)


def _jsonl_chunks(text: io.TextIOWrapper) -> Iterator[Chunk]:
    numbered = enumerate(text, start=1)
    while block := list(islice(numbered, CHUNK_ROWS)):
        lines, rows, rejected = [], [], []
        for line, content in block:
            if not content.strip():
                continue
            try:
                row = json.loads(content, parse_float=str, parse_int=str, parse_constant=str)
            except (ValueError, RecursionError) as error:
                rejected.append(Rejected(line, f"no JSON: {error}", content[:_RAW_CHARS_MAX]))
                continue
            if isinstance(row, dict):
                lines.append(line)
                rows.append({normal(key): _json_cell(value) for key, value in row.items()})
            else:
                rejected.append(Rejected(line, "no JSON object", content[:_RAW_CHARS_MAX]))
        columns = tuple(sorted({key for row in rows for key in row}))
        yield Chunk(
            columns, lines, [[row.get(c) for row in rows] for c in columns], rejected, False
        )


def _json_cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _parquet_chunks(stream: BinaryIO, name: str) -> Iterator[Chunk]:
    try:
        file = pq.ParquetFile(stream)
        columns = _checked(file.schema_arrow.names, name)
        line = 1
        for batch in file.iter_batches(batch_size=CHUNK_ROWS):
            cells = [_texts(column) for column in batch.columns]
            yield Chunk(columns, list(range(line, line + batch.num_rows)), cells)
            line += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise Unreadable(f"no readable Parquet: {error}", name, "Write the file again") from error


def _texts(column: pa.Array) -> list[str | None]:
    kind = column.type
    if pa.types.is_nested(kind):
        pairs = (_object(kind, value) for value in column.to_pylist())
        return [None if value is None else json.dumps(value, default=str) for value in pairs]
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [None if v is None else v.decode(errors="replace") for v in column.to_pylist()]
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    return column.to_pylist()


def _object(kind: pa.DataType, value: object) -> object:
    return dict(value) if value is not None and pa.types.is_map(kind) else value


def _checked(header: Sequence[str], name: str) -> tuple[str, ...]:
    if len(header) > COLUMNS_MAX:
        cure = f"A file has at most {COLUMNS_MAX} columns"
        raise Unreadable(f"the header has {len(header)} columns", f"{name}, line 1", cure)
    columns = tuple(map(normal, header))
    twice = sorted(column for column, times in Counter(columns).items() if times > 1)
    if twice:
        raise Unreadable(f"the column {twice[0]!r} appears twice", f"{name}, line 1", "Keep one")
    return columns
