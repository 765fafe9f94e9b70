"""Bill files as one DuckDB table: the thin input adapter before a reader's expression.

CSV is read with explicit columns, all text, detection off: left to guess, DuckDB loads a ragged
file silently as one column. Doubles of Parquet become their shortest decimal text. No Django.
"""

from collections.abc import Sequence
from pathlib import Path
import re

import duckdb
import ibis
import ibis.expr.types as ir

from ingest.fetch.kept import KeptFile, csv_columns, is_gzip, is_plain_utf8, utf8_copy
from ingest.sources.base import Unreadable
from ingest.sources.charges import TWICE

MEMORY = "2GB"
COLUMNS_MAX = 5_000
_LINE_BYTES_MAX = 16 * 1024 * 1024
_AS_TEXT = ("DOUBLE", "FLOAT", "HUGEINT", "UHUGEINT", "UUID", "STRUCT", "JSON", "TIME$")


def connect(scratch: Path) -> ibis.BaseBackend:
    """A DuckDB of its own that spills into `scratch`."""
    backend = ibis.duckdb.connect(
        memory_limit=MEMORY, threads=2, temp_directory=str(scratch), preserve_insertion_order=False
    )
    backend.con.execute("set TimeZone = 'UTC'")
    return backend


def open_table(backend: ibis.BaseBackend, files: Sequence[KeptFile], scratch: Path) -> ir.Table:
    """The rows of all files, columns by name; a column that a file lacks is NULL in its rows."""
    parts = []
    for number, file in enumerate(files):
        name = f"part_{number}"
        with file.path.open("rb") as stream:
            is_parquet = stream.read(4) == b"PAR1"
        select = _parquet(backend, file) if is_parquet else _csv(file, scratch)
        backend.con.execute(f"create view {name} as {select}")
        parts.append(name)
    union = " union all by name ".join(f"from {name}" for name in parts)
    try:
        backend.con.execute(f"create view bill as {union}")
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
    names: list[str] = []
    seen: set[str] = set()
    for position, field in enumerate(fields, start=1):
        name = field or f"column {position}"
        while name.lower() in seen:
            name += TWICE
        seen.add(name.lower())
        names.append(name)
    return names


def _csv(file: KeptFile, scratch: Path) -> str:
    path = file.path if is_plain_utf8(file) else utf8_copy(file, scratch)
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in header(file))
    compression = "gzip" if is_gzip(path) else "none"
    return (
        f"select * from read_csv({_text(str(path))}, columns = {{{columns}}},"
        " auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',"
        " nullstr = ['', 'NULL', 'null', '(null)'], allow_quoted_nulls = true,"
        f" strict_mode = true, max_line_size = {_LINE_BYTES_MAX}, compression = '{compression}')"
    )


def _parquet(backend: ibis.BaseBackend, file: KeptFile) -> str:
    source = f"read_parquet({_text(str(file.path))}, hive_partitioning = false)"
    try:
        described = backend.con.execute(f"describe from {source}").fetchall()
    except duckdb.Error as error:
        raise Unreadable(f"no readable Parquet ({error})", file.name, "Fetch it again") from error
    columns = ", ".join(_column(name, kind) for name, kind, *_ in described)
    return f"select {columns} from {source}"


def _column(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if kind.startswith("STRUCT") or kind.endswith("[]"):
        return f"cast(to_json({quoted}) as varchar) as {quoted}"
    if re.match("|".join(_AS_TEXT), kind):
        return f"cast({quoted} as varchar) as {quoted}"
    if kind == "TIMESTAMP WITH TIME ZONE" or kind.startswith("TIMESTAMP_"):
        return f"cast({quoted} as timestamp) as {quoted}"
    return quoted


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
