"""Read a set of bill files with its reader into scratch tables of DuckDB. No Postgres here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from pathlib import Path

import duckdb
import ibis

from aicost.kernel.money import parse_decimal
from aicost.kernel.sqlfiles import sql
from ingest.bad_line import raise_bad_value, raise_ragged
from ingest.bill_table import connect, open_table
from ingest.fetch.kept import KeptFile, scratch_folder
from ingest.sources.base import BillReader, Unreadable
from ingest.sources.charges import (
    AMOUNTS,
    COUNTS,
    DISPLAY,
    KEY,
    MAYBE_AMOUNTS,
    canonical_series,
    series_sha256,
)

_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
_BATCH = 10_000
_EXACT = Context(prec=80)


@dataclass(frozen=True)
class Total:
    """The control total of one scope and currency: as written, and as stored."""

    scope_number: int
    currency: str
    rows: int
    billed_written: Decimal
    billed_cost: Decimal
    effective_cost: Decimal
    first_day: date
    last_day: date


@dataclass(frozen=True)
class StagedScope:
    """What the set holds for one scope; `number` is its name within the set."""

    number: int
    invoice_issuer: str
    billing_account_id: str
    billing_period: date
    rows: int
    gross_cost: Decimal
    providers: tuple[str, ...]


@dataclass(frozen=True)
class Staged:
    """A set that was read whole: facts and series stay in DuckDB until they are copied."""

    connection: duckdb.DuckDBPyConnection
    rows: int
    totals: tuple[Total, ...]
    scopes: tuple[StagedScope, ...]
    days: tuple[date, ...]

    def series(self) -> Iterator[tuple[int, bytes, dict[str, object]]]:
        """(number within the set, identity, series) of every distinct set of text columns."""
        reader = self.connection.sql("from series order by number").to_arrow_reader(_BATCH)
        for batch in reader:
            for row in batch.to_pylist():
                number = row.pop("number")
                try:
                    series = canonical_series(row)
                except ValueError as error:
                    raise Unreadable(
                        f"tags: {error}", "the set", "Tags are JSON objects"
                    ) from error
                yield number, series_sha256(series), series

    def write_facts(self, path: Path) -> None:
        """The narrow facts as CSV for COPY, in the order of sql/copy_facts.sql."""
        self.connection.execute(sql("ingest.sql", "duck_facts"))
        self.connection.execute(f"copy facts to '{path}' (format csv, header false)")


@contextmanager
def staged(reader: BillReader, files: Sequence[KeptFile], working: Path) -> Iterator[Staged]:
    """Read the set; raises `Unreadable` naming file, line, column, value and cure."""
    with scratch_folder(working) as scratch:
        backend = connect(scratch)
        try:
            _group(backend, reader, files, scratch)
            yield _summary(backend.con, files)
        finally:
            backend.disconnect()


def _group(backend, reader: BillReader, files: Sequence[KeptFile], scratch: Path) -> None:
    table = open_table(backend, files, scratch)
    lacking = reader.required(tuple(table.columns))
    if lacking:
        raise Unreadable(
            f"the column {lacking[0]} is missing",
            files[0].name,
            f"docs/sources/{reader.name}.md lists what a file must have",
        )
    query = ibis.to_sql(reader.expression(table), dialect="duckdb")
    try:
        backend.con.execute(f"create table groups as {query}")
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise_ragged(files, str(error))
    except duckdb.OutOfRangeException as error:
        raise Unreadable(f"a sum is beyond 38 digits ({error})", files[0].name) from error
    if backend.con.execute("select coalesce(sum(rows_refused), 0) from groups").fetchone()[0]:
        raise_bad_value(files, reader, scratch)
    columns = [row[0] for row in backend.con.execute("describe groups").fetchall()]
    fixed = {*KEY, *COUNTS, *AMOUNTS, *MAYBE_AMOUNTS, *DISPLAY, "billed_rest"}
    own = [_quoted(column) for column in columns if column not in fixed]
    smallest = ", ".join(f"coalesce(min({name}), '') as {name}" for name in DISPLAY)
    backend.con.execute(
        "create table series as select row_number() over () as number, *"
        f" from (select {', '.join(own)}, {smallest} from groups group by all)"
    )
    same = " and ".join(f"series.{name} is not distinct from groups.{name}" for name in own)
    backend.con.execute(
        "create table numbered as select series.number as series_number, groups.*"
        f" from groups join series on {same}"
    )
    backend.con.execute("drop table groups")


def _summary(con: duckdb.DuckDBPyConnection, files: Sequence[KeptFile]) -> Staged:
    con.execute(sql("ingest.sql", "duck_scopes"))
    totals = con.execute(sql("ingest.sql", "duck_totals")).fetchall()
    scopes = con.execute("from scopes order by number").fetchall()
    days = [
        row[0] for row in con.execute("select distinct day from numbered order by 1").fetchall()
    ]
    if days and not (days[0] >= _FIRST_DAY and days[-1] < _LAST_DAY):
        odd = days[0] if days[0] < _FIRST_DAY else days[-1]
        raise Unreadable(f"a charge stands on {odd}", files[0].name, "Check the charge periods")
    return Staged(
        connection=con,
        rows=sum(row[2] for row in totals),
        totals=tuple(_total(*row) for row in totals),
        scopes=tuple(StagedScope(*row[:-1], tuple(row[-1])) for row in scopes),
        days=tuple(days),
    )


def _total(scope, currency, rows, billed, rest, effective, first_day, last_day) -> Total:
    stored = parse_decimal(billed)
    return Total(
        scope_number=scope,
        currency=currency,
        rows=rows,
        billed_written=_EXACT.add(stored, parse_decimal(rest)),
        billed_cost=stored,
        effective_cost=parse_decimal(effective),
        first_day=first_day,
        last_day=last_day,
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
