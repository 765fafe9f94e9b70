"""The second pass over a refused set: which file, which physical line, which value. No Django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import csv
import io
from pathlib import Path

from aicost.kernel.late import Late
from ingest.bill_table import connect, flat_rows, header, is_flattened, open_table
from ingest.fetch.kept import HEADER_BYTES_MAX, KeptFile, charset_of, open_bytes
from ingest.sources.base import BillReader, Unreadable
from ingest.sources.charges import LINE, TWICE
from ingest.sources.values import PARSERS

ibis = Late("ibis")
ir = Late("ibis.expr.types")

_FIELD_CHARS_MAX = 16 * 1024 * 1024
_CURE = {
    "amount": "Amounts are plain decimals such as 1234.5 or 1.5E-8, without sign or commas",
    "time": "Times are ISO 8601 and of this century, for instance 2026-09-01T00:00:00Z",
    "month": "Months are six digits, for instance 202609",
    "credits": "Credits are a list such as [{'type': 'PROMOTION', 'amount': -0.1}], [] for none",
}


def is_parquet(file: KeptFile) -> bool:
    with file.path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def text_rows(file: KeptFile) -> Iterator[tuple[int, list[str]]]:
    """(physical line, counted from 1, on which it begins; fields) of every row that is not empty,
    the header first."""
    with open_bytes(file.path) as stream:
        charset = charset_of(stream.read(HEADER_BYTES_MAX))
    csv.field_size_limit(_FIELD_CHARS_MAX)
    with open_bytes(file.path) as stream:
        rows = csv.reader(io.TextIOWrapper(stream, encoding=charset, newline=""), strict=True)
        line = 1
        for row in rows:
            if row:
                yield line, row
            line = rows.line_num + 1


def raise_twice(files: Sequence[KeptFile], reader: BillReader, columns: Sequence[str]) -> None:
    """Raise `Unreadable` when a column that carries money or time is there twice: which one is
    meant, only the sender knows."""
    wanted = {column.rstrip(TWICE).lower() for column, _, _ in reader.strict(tuple(columns))}
    twice = [column for column in columns if column.endswith(TWICE) and column != LINE]
    for name in (column.rstrip(TWICE) for column in twice):
        if name.lower() in wanted:
            raise Unreadable(
                f"the column {name} is there twice", files[0].name, "Keep the one that is meant"
            )


def place_of(files: Sequence[KeptFile], value: str) -> str:
    """'file, line N' of the first row with a field that is exactly `value`; else the files."""
    for file in files:
        if not is_parquet(file):
            found = next((line for line, row in text_rows(file) if value in row), None)
            if found is not None:
                return f"{file.name}, line {found}"
    return ", ".join(file.name for file in files[:3])


def raise_ragged(files: Sequence[KeptFile], reader: BillReader, cause: str) -> None:
    """Raise `Unreadable` for the first row whose fields are not those of the header; for a broken
    quote, or whatever else DuckDB refused, say its cause."""
    for file in files:
        if is_parquet(file) or is_flattened(file, reader):
            continue
        width = len(header(file))
        line = 0
        try:
            for line, row in text_rows(file):
                if len(row) != width:
                    raise Unreadable(
                        f"{len(row)} fields where the header has {width}",
                        f"{file.name}, line {line}",
                        "Fetch the file again or mend the row; nothing of the set was loaded",
                    )
        except (csv.Error, UnicodeDecodeError) as error:
            where = f"{file.name}, after line {line}"
            raise Unreadable(f"no readable CSV ({error})", where, "Fetch it again") from error
    raise Unreadable(cause.split("\n\n")[0], files[0].name, "Fetch the file again")


def raise_bad_value(files: Sequence[KeptFile], reader: BillReader, scratch: Path) -> None:
    """Raise `Unreadable` for the first value of the set that the reader could not read."""
    for file in files:
        backend = connect(scratch)
        backend.con.execute("set preserve_insertion_order = true")
        table = open_table(backend, [file], scratch, reader)
        found = _first_bad(table, reader.strict(tuple(table.columns)))
        if found is None:
            continue
        number, column, kind, value = found
        told = f"{value!r} is no {kind}" if value not in (None, "") else f"no {kind} is given"
        line = _line(file, number, reader)
        raise Unreadable(f"column {column}: {told}", f"{file.name}, line {line}", _CURE[kind])
    _raise_lacking(files, reader, scratch)
    raise Unreadable(
        "a charge period ends before it starts", files[0].name, "Ask the provider for a new file"
    )


def _raise_lacking(files: Sequence[KeptFile], reader: BillReader, scratch: Path) -> None:
    """Raise `Unreadable` for a file that lacks a column which others of its set must have."""
    columns: dict[str, list[str]] = {}
    for file in files:
        columns[file.sha256] = open_table(connect(scratch), [file], scratch, reader).columns
    every = tuple(dict.fromkeys(name for names in columns.values() for name in names))
    needed = [column for column, _, maybe in reader.strict(every) if not maybe]
    for file in files:
        own = {name.lower() for name in columns[file.sha256]}
        for column in needed:
            if column.lower() not in own:
                raise Unreadable(
                    f"the column {column} is missing, which other files of the set have",
                    f"{file.name}, line 1",
                    "Fetch the files again, or load the months before and after the change apart",
                )


def _first_bad(table: ir.Table, strict: Sequence[tuple[str, str, bool]]):
    """(row counted from 0, column, kind, value) of the first bad value, or None."""
    marks = {}
    for number, (column, kind, maybe) in enumerate(strict):
        value = table[column]
        bad = PARSERS[kind](value).isnull()
        if maybe:
            bad = bad & value.notnull() & (value.cast("string") != "")
        marks[f"bad {number}"] = bad
    values = {f"value {n}": table[c].cast("string") for n, (c, _, _) in enumerate(strict)}
    rows = table.select(row=ibis.row_number(), **marks, **values)
    bad_rows = rows.filter(ibis.or_(*(rows[name] for name in marks))).order_by("row").limit(1)
    for row in bad_rows.to_pyarrow().to_pylist():
        for number, (column, kind, _) in enumerate(strict):
            if row[f"bad {number}"]:
                return row["row"], column, kind, row[f"value {number}"]
    return None


def _line(file: KeptFile, number: int, reader: BillReader) -> int:
    """The physical line of data row `number`, counted from 0; of Parquet, the row from 1."""
    if is_parquet(file):
        return number + 1
    if is_flattened(file, reader):
        flat = flat_rows(file, reader.flatten)
        return next(line for n, (line, _) in enumerate(flat) if n == number)
    rows = text_rows(file)
    next(rows)
    return next(line for n, (line, _) in enumerate(rows) if n == number)
