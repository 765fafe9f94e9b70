"""Bill files as one DuckDB table: the thin input adapter before a reader's expression.

CSV is read with explicit columns, all text, detection off: left to guess, DuckDB loads a ragged
file silently as one column. Doubles of Parquet become their shortest decimal text. No Django.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
import csv
from pathlib import Path
import re
import zlib

from aicost.kernel.late import Late
from ingest.fetch.kept import (
    KeptFile,
    csv_columns,
    is_gzip,
    is_plain_utf8,
    open_bytes,
    utf8_copy,
)
from ingest.sources.base import BillReader, Flatten, Unreadable
from ingest.sources.charges import LINE, TWICE

ibis = Late("ibis")
duckdb = Late("duckdb")
ir = Late("ibis.expr.types")
pa = Late("pyarrow")
pq = Late("pyarrow.parquet")

MEMORY = "2GB"
COLUMNS_MAX = 5_000
_LINE_BYTES_MAX = 16 * 1024 * 1024
_LINES_IN_BUFFER = 4  # at least; 16 by itself, of which a compressed file keeps many in memory
_AS_TEXT = ("DOUBLE", "FLOAT", "HUGEINT", "UHUGEINT", "UUID", "STRUCT", "JSON", "TIME$")


def connect(scratch: Path) -> ibis.BaseBackend:
    """A DuckDB of its own that spills into `scratch`."""
    backend = ibis.duckdb.connect(
        memory_limit=MEMORY, threads=2, temp_directory=str(scratch), preserve_insertion_order=False
    )
    backend.con.execute("set TimeZone = 'UTC'")
    return backend


def open_table(
    backend: ibis.BaseBackend,
    files: Sequence[KeptFile],
    scratch: Path,
    reader: BillReader | None = None,
) -> ir.Table:
    """The rows of all files, columns by name; a column that a file lacks is NULL in its rows. The
    files opened before on the same backend are gone."""
    parts = []
    for number, file in enumerate(files):
        name = f"part_{number}"
        with file.path.open("rb") as stream:
            is_parquet = stream.read(4) == b"PAR1"
        if is_parquet:
            select = _parquet(backend, file)
        elif is_flattened(file, reader):
            select = _flattened(file, reader.flatten, scratch)
        else:
            path = file.path if is_plain_utf8(file) else utf8_copy(file, scratch)
            select = _csv(path, header(file))
        backend.con.execute(f"create or replace view {name} as {select}")
        parts.append(name)
    union = " union all by name ".join(f"from {name}" for name in parts)
    try:
        backend.con.execute(f"create or replace view bill as {union}")
    except duckdb.Error as error:
        raise Unreadable(f"the files do not fit together ({error})", files[0].name) from error
    return backend.table("bill")


def header(file: KeptFile) -> list[str]:
    """Column names as the table has them: unique without regard to case. Raises `Unreadable` for
    more columns than any bill has."""
    fields = csv_columns(file)
    if len(fields) > COLUMNS_MAX:
        cure = f"A bill has at most {COLUMNS_MAX} columns"
        raise Unreadable(f"the header has {len(fields)} columns", f"{file.name}, line 1", cure)
    return unique_names(fields)


def is_flattened(file: KeptFile, reader: BillReader | None) -> bool:
    """Whether the file is for the reader's `flatten`: JSON, or any if it flattens tables too."""
    if reader is None or reader.flatten is None:
        return False
    if reader.flattens_tables:
        return True
    with open_bytes(file.path) as stream:
        start = stream.read(64)
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def flat_rows(file: KeptFile, flatten: Flatten) -> Iterator[tuple[int, dict[str, str]]]:
    """(physical line, {column: text}) of every row of such a file. Raises `Unreadable`."""
    try:
        with open_bytes(file.path) as stream:
            yield from flatten(stream, file.name)
    except (EOFError, OSError, zlib.error) as error:
        raise Unreadable(f"the file is broken ({error})", file.name, "Fetch it again") from error
    except UnicodeDecodeError as error:
        cure = "Save it as UTF-8"
        raise Unreadable(f"the text is not UTF-8 ({error.reason})", file.name, cure) from error


def _flattened(file: KeptFile, flatten: Flatten, scratch: Path) -> str:
    """The rows as CSV in scratch. A file may leave out what is null, so it is read twice: all
    columns first."""
    keys = dict.fromkeys(key for _, row in flat_rows(file, flatten) for key in row)
    if len(keys) > COLUMNS_MAX:
        cure = f"A bill has at most {COLUMNS_MAX} columns"
        raise Unreadable(f"the rows have {len(keys)} columns", file.name, cure)
    path = scratch / f"{file.sha256}.flat.csv"
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as out:
        rows = csv.writer(out)
        rows.writerow([*keys, LINE])
        for line, row in flat_rows(file, flatten):
            rows.writerow([*(row.get(key) for key in keys), line])
    return _csv(path, [*unique_names(keys), LINE])


def unique_names(fields: Iterable[str]) -> list[str]:
    """The names made unique without regard to case, and none of them empty."""
    names: list[str] = []
    seen: set[str] = set()
    for position, field in enumerate(fields, start=1):
        name = field or f"column {position}"
        while name.lower() in seen:
            name += TWICE
        seen.add(name.lower())
        names.append(name)
    return names


def _csv(path: Path, names: Iterable[str]) -> str:
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names)
    compression = "gzip" if is_gzip(path) else "none"
    return (
        f"select * from read_csv({_text(str(path))}, columns = {{{columns}}},"
        " auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',"
        " nullstr = ['', 'NULL', 'null', '(null)'], allow_quoted_nulls = true,"
        f" strict_mode = true, max_line_size = {_LINE_BYTES_MAX},"
        f" buffer_size = {_LINES_IN_BUFFER * _LINE_BYTES_MAX}, compression = '{compression}')"
    )


def _parquet(backend: ibis.BaseBackend, file: KeptFile) -> str:
    source = f"read_parquet({_text(str(file.path))}, hive_partitioning = false)"
    try:
        inner = _inner_fields(pq.read_schema(file.path))
        source = f"(select {', '.join(['*', *inner])} from {source})"
        described = backend.con.execute(f"describe from {source}").fetchall()
    except (duckdb.Error, pa.ArrowInvalid) as error:
        raise Unreadable(f"no readable Parquet ({error})", file.name, "Fetch it again") from error
    columns = ", ".join(_column(name, kind) for name, kind, *_ in described)
    return f"select {columns} from {source}"


def _inner_fields(schema: pa.Schema) -> list[str]:
    """SQL of each field within a struct, as a column of its own beside it: "a"."b" as "a.b"."""
    found: list[str] = []

    def descend(path: tuple[str, ...], field: pa.Field) -> None:
        if pa.types.is_struct(field.type):
            for position in range(field.type.num_fields):
                descend((*path, field.name), field.type.field(position))
        elif path:
            names = (*path, field.name)
            quoted = ".".join(_name(name) for name in names)
            found.append(f"{quoted} as {_name('.'.join(names))}")

    for field in schema:
        descend((), field)
    return found


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _column(name: str, kind: str) -> str:
    quoted = _name(name)
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("[]"):
        return f"cast(to_json({quoted}) as varchar) as {quoted}"
    if re.match("|".join(_AS_TEXT), kind):
        return f"cast({quoted} as varchar) as {quoted}"
    if kind == "TIMESTAMP WITH TIME ZONE" or kind.startswith("TIMESTAMP_"):
        return f"cast({quoted} as timestamp) as {quoted}"
    return quoted


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
