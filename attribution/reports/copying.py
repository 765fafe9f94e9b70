"""A long answer as CSV, written down by Postgres itself, and as the tables of Parquet made of that:
a million rows in seconds and in the memory of a few.

They say what `formats.to_csv` and `formats.to_parquet` say, cell by cell (a test compares them); a
line ends with a line feed. Only for reports whose rows are those of one query as they are:
`Report.queried` names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from django.db import connection, transaction
from psycopg.sql import Identifier

from aicost.kernel.cells import FORMULA_STARTS
from aicost.kernel.late import Late
from aicost.kernel.sqlfiles import sql
from attribution.reports.base import PACKAGE, Report
from attribution.reports.columns import DECIMAL, TEXT, TIME, kind_of
from attribution.reports.parquet import ROWS_A_GROUP, table_of_csv
from attribution.reports.patterns import expanded
from attribution.reports.spec import Spec

pa = Late("pyarrow")

LINES_A_CHUNK = 1_000
# By the code of the first character: comparing text took a fifth of all. Postgres keeps no NUL.
_STARTS = ", ".join(str(ord(start)) for start in FORMULA_STARTS if start != "\0")
_GUARDED = f"""case when ascii({{0}}) in ({_STARTS})
    then '''' || {{0}} else nullif({{0}}, '') end"""
_CELLS = {
    TEXT: _GUARDED,
    DECIMAL: "trim_scale({0}::numeric)",
    TIME: """replace(to_char({0} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '')
    || 'Z'""",
}


def csv_lines(report: Report, spec: Spec) -> Iterator[bytes] | None:
    """Chunks of lines without a header; None where the rows are more than one query's. Within a
    transaction of its own."""
    return _lines(report, spec, _CELLS, LINES_A_CHUNK)


def tables(report: Report, spec: Spec, schema: pa.Schema) -> Iterator[pa.Table] | None:
    """As `csv_lines`, of this schema and the size of row groups."""
    lines = _lines(report, spec, _CELLS | {TEXT: "{0}"}, ROWS_A_GROUP)
    return None if lines is None else (table_of_csv(schema, some) for some in lines)


def _lines(report: Report, spec: Spec, cells: Mapping[str, str], size: int
           ) -> Iterator[bytes] | None:  # fmt: skip
    asked = expanded(spec)
    found = report.queried(asked) if report.queried is not None and not spec.in_currency else None
    if found is None:
        return None
    query, binds = found
    names = (Identifier(name).as_string(None) for name in report.columns(spec))
    kinds = (cells.get(kind_of(name), "{0}") for name in report.columns(spec))
    told = ", ".join(cell.format(name) for cell, name in zip(kinds, names, strict=True))
    return _copied(f"copy (select {told} from ({sql(PACKAGE, query)}) q) to stdout (format csv)",
                   binds, size)  # fmt: skip


def _copied(statement: str, binds: dict, size: int) -> Iterator[bytes]:
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(cursor.mogrify(statement, binds)) as rows,
    ):
        lines = iter(rows)
        while chunk := b"".join(islice(lines, size)):
            yield chunk
