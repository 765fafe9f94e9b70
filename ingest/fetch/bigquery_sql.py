"""The SQL that BigQuery runs: an input adapter made from the table's schema, and on top of it the
same expression that reads files. Money is BIGNUMERIC, made from text; a list is only ever looked
at in a subquery of its own row, never joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
import re

from aicost.kernel.late import Late
from ingest.sources.base import BillReader
from ingest.sources.charges import ARRIVED, REST
from ingest.sources.values import FINE, LEDGER

ibis = Late("ibis")
compilers = Late("ibis.backends.sql.compilers")
sge = Late("sqlglot.expressions")

FLOATS, DECIMALS = ("FLOAT", "FLOAT64"), ("NUMERIC", "BIGNUMERIC", "INTEGER", "INT64")
TIMES = ("TIMESTAMP", "DATETIME", "DATE")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class Column:
    """A field of the table: its path within records, its type, whether it is a list, and the
    fields within a list of records."""

    path: tuple[str, ...]
    type: str
    repeated: bool = False
    inner: tuple[Column, ...] = ()

    @property
    def name(self) -> str:
        return "_".join(self.path)

    @property
    def sql(self) -> str:
        return ".".join(f"`{part}`" for part in self.path)


def columns_of_schema(fields: Sequence, above: tuple[str, ...] = ()) -> Iterator[Column]:
    """The leaves of a schema (google.cloud.bigquery.SchemaField)."""
    for field in fields:
        path, repeated = (*above, field.name), field.mode == "REPEATED"
        kind = field.field_type.upper()
        if kind in ("RECORD", "STRUCT") and not repeated:
            yield from columns_of_schema(field.fields, path)
        else:
            inner = tuple(columns_of_schema(field.fields)) if repeated else ()
            yield Column(path, kind, repeated, inner)


def query(
    reader: BillReader, columns: Sequence[Column], billed: str, source: str, arrived: str
) -> tuple[str, dict[str, str]]:
    """GoogleSQL that sums the rows of `source` (what stands after FROM) to canonical rows, and the
    names of its columns: {as in the answer: as in the expression}. `billed` is the reader's cost
    column, `arrived` SQL for the day of arrival."""
    adapted, kinds = _adapter(reader, columns, billed, arrived)
    table = ibis.table(kinds, name="adapted")
    names: dict[str, str] = {}
    shared = _for_bigquery(compilers.BigQueryCompiler().to_sqlglot(reader.expression(table)), names)
    selected = ",\n  ".join(f"{sql} AS `{_safe(name, names)}`" for name, sql in adapted.items())
    adapter = f"SELECT\n  {selected}\nFROM {source}"
    return f"WITH adapted AS (\n{adapter}\n)\n{shared.sql('bigquery', pretty=True)}", names


def shortest(sql: str) -> str:
    """A double as the text with the fewest digits that reads back as the same double. BigQuery's
    own cast to text goes from 15 digits to 17 at once."""
    digits = [f"FORMAT('%.{count}g', {sql})" for count in (15, 16, 17)]
    tries = " ".join(f"WHEN SAFE_CAST({text} AS FLOAT64) = {sql} THEN {text}" for text in digits)
    return f"CASE {tries} END"


def exact(sql: str, kind: str) -> str:
    """A number as BIGNUMERIC, NULL when it is NaN or infinite."""
    return f"SAFE_CAST({shortest(sql) if kind in FLOATS else sql} AS BIGNUMERIC)"


def _rounded(sql: str, kind: str) -> str:
    return f"ROUND({exact(sql, kind)}, 18, 'ROUND_HALF_EVEN')"


def _rest(sql: str, kind: str) -> str:
    return f"ROUND({exact(sql, kind)}, 30) - {_rounded(sql, kind)}"


def _adapter(
    reader: BillReader, columns: Sequence[Column], billed: str, arrived: str
) -> tuple[dict[str, str], dict[str, object]]:
    """(SQL by column name, ibis type by column name) of the table as the expression takes it."""
    kinds = {name: kind for name, kind, _ in reader.strict([column.name for column in columns])}
    sql: dict[str, str] = {ARRIVED: arrived}
    types: dict[str, object] = {ARRIVED: "timestamp", REST: FINE}
    rests = []
    for column in columns:
        wanted = kinds.get(column.name)
        if wanted == "credits" and column.repeated:
            types[column.name], sql[column.name] = LEDGER, _sum_of(column, _rounded)
            types["credit_types"], sql["credit_types"] = "string", _types_of(column)
            rests.append(_sum_of(column, _rest))
        elif column.repeated:
            types[column.name], sql[column.name] = "string", f"TO_JSON_STRING({column.sql})"
        elif wanted == "amount" and column.type in (*FLOATS, *DECIMALS):
            types[column.name], sql[column.name] = LEDGER, _rounded(column.sql, column.type)
            if column.name.lower() == billed.lower():
                rests.append(_rest(column.sql, column.type))
        else:
            types[column.name], sql[column.name] = _plain(column)
    sql[REST] = " + ".join(rests) or "CAST(0 AS BIGNUMERIC)"
    return sql, types


def _plain(column: Column) -> tuple[str, str]:
    if column.type == "TIMESTAMP":
        return "timestamp", f"DATETIME({column.sql})"
    if column.type in TIMES:
        return "timestamp", f"CAST({column.sql} AS DATETIME)"
    if column.type in FLOATS:
        return "string", shortest(column.sql)
    if column.type == "STRING":
        return "string", column.sql
    if column.type == "JSON":
        return "string", f"TO_JSON_STRING({column.sql})"
    return "string", f"CAST({column.sql} AS STRING)"


def _sum_of(column: Column, each: Callable[[str, str], str]) -> str:
    """The sum over the amounts of a list; NULL, which refuses the row, when one is no number."""
    kind = next(one.type for one in column.inner if one.path == ("amount",))
    one = "credit.`amount`"
    return (
        f"(SELECT IF(COUNT(*) = COUNT({exact(one, kind)}), IFNULL(SUM({each(one, kind)}), 0),"
        f" CAST(NULL AS BIGNUMERIC)) FROM UNNEST({column.sql}) AS credit)"
    )


def _types_of(column: Column) -> str:
    if not any(one.path == ("type",) for one in column.inner):
        return "''"
    told = "STRING_AGG(DISTINCT credit.`type`, ' ' ORDER BY credit.`type`)"
    return f"(SELECT IFNULL({told}, '') FROM UNNEST({column.sql}) AS credit)"


def _for_bigquery(tree: sge.Expression, names: dict[str, str]) -> sge.Expression:
    """The tree with names that BigQuery takes, and its functions for DATETIME: every time here is
    one."""
    for node in list(tree.walk()):
        if isinstance(node, sge.Identifier):
            node.set("this", _safe(node.this, names))
        elif isinstance(node, sge.Anonymous) and node.this == "TIMESTAMP_ADD":
            node.set("this", "DATETIME_ADD")
        elif isinstance(node, sge.TimestampTrunc):
            node.replace(sge.DatetimeTrunc(this=node.this, unit=node.args["unit"]))
    return tree


def _safe(name: str, names: dict[str, str]) -> str:
    """A name that BigQuery takes; `names` remembers what it stands for."""
    safe = name if _PLAIN.match(name) else re.sub(r"[^A-Za-z0-9_]", "_", name) + f"_{_mark(name)}"
    names[safe] = name
    return safe


def _mark(name: str) -> str:
    return name.encode().hex()[:40]


def as_told(row: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """A row of the answer under the names of the expression."""
    return {names.get(name, name): value for name, value in row.items()}
