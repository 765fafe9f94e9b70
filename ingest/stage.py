"""Read a set of bill files with its reader into scratch tables of DuckDB. No Postgres here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from pathlib import Path

from aicost.kernel.late import Late
from aicost.kernel.money import parse_decimal
from aicost.kernel.periods import utc_today
from aicost.kernel.sqlfiles import sql
from ingest.bad_line import place_of, raise_bad_value, raise_ragged, raise_twice
from ingest.bill_table import connect, open_table
from ingest.fetch.kept import KeptFile, scratch_folder
from ingest.odd_text import refuse_texts
from ingest.sources.base import BillReader, Unreadable
from ingest.sources.charges import (
    AMOUNTS,
    COUNTS,
    DISPLAY,
    KEY,
    MAYBE_AMOUNTS,
    SCOPE_PART,
    VIEW,
    canonical_series,
    series_sha256,
    with_part,
)

ibis = Late("ibis")
duckdb = Late("duckdb")

_AHEAD = timedelta(days=366)
_BATCH = 10_000
_EXACT = Context(prec=80)
_VIEWS_MIX = 10  # one row in so many that belongs to another view is an oddity, not a mixture


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
    part: str
    rows: int
    gross_cost: Decimal
    billing_periods: tuple[str, ...]
    providers: tuple[str, ...]


@dataclass(frozen=True)
class Staged:
    """A set that was read whole: facts and series stay in DuckDB until they are copied. `view` is
    the one view of the bill that it shows, '' where a bill has one view only or it cannot be
    told."""

    connection: duckdb.DuckDBPyConnection
    files: tuple[KeptFile, ...]
    view: str
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
                    place = place_of(self.files, str(row["tags"]))
                    cure = "Tags are JSON objects of text, without NUL"
                    raise Unreadable(f"tags: {error}", place, cure) from error
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
            yield _read(backend, reader, files, scratch)
        finally:
            backend.disconnect()


def _read(backend, reader: BillReader, files: Sequence[KeptFile], scratch: Path) -> Staged:
    try:
        view = _group(backend, reader, files, scratch)
        return _summary(backend.con, files, view)
    except duckdb.OutOfRangeException as error:
        cure = "Look for absurd amounts, or ask the provider for a new file"
        raise Unreadable("a sum is beyond 38 digits", files[0].name, cure) from error


def _group(backend, reader: BillReader, files: Sequence[KeptFile], scratch: Path) -> str:
    """Make the tables `series` and `numbered`; the view that the set shows."""
    table = open_table(backend, files, scratch, reader)
    lacking = reader.required(tuple(table.columns))
    if lacking:
        raise Unreadable(
            f"the column {lacking[0]} is missing",
            files[0].name,
            f"docs/sources/{reader.name}.md lists what a file must have",
        )
    raise_twice(files, reader, table.columns)
    query = ibis.to_sql(with_part(reader.expression(table)), dialect="duckdb")
    try:
        backend.con.execute(f"create table groups as {query}")
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise_ragged(files, reader, str(error))
    except duckdb.OutOfRangeException:
        raise
    except duckdb.Error as error:
        cure = "Fetch the file again"
        raise Unreadable(f"cannot be read ({str(error)[:300]})", files[0].name, cure) from error
    if backend.con.execute("select coalesce(sum(rows_refused), 0) from groups").fetchone()[0]:
        raise_bad_value(files, reader, scratch)
    columns = [row[0] for row in backend.con.execute("describe groups").fetchall()]
    view = _view(backend.con, files) if VIEW in columns else ""
    fixed = {*KEY, *COUNTS, *AMOUNTS, *MAYBE_AMOUNTS, *DISPLAY, "billed_rest", VIEW, SCOPE_PART}
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
    refuse_texts(backend.con, files)
    return view


def _view(con: duckdb.DuckDBPyConnection, files: Sequence[KeptFile]) -> str:
    counted = con.execute(
        f"select {VIEW}, sum(rows)::bigint from groups where {VIEW} <> '' group by 1 order by 2, 1"
    ).fetchall()
    if len(counted) > 1 and counted[-2][1] * _VIEWS_MIX >= counted[-1][1]:
        told = " and ".join(f"{rows} rows that only {view} cost has" for view, rows in counted)
        cure = "They are two views of one bill: load only one of them"
        raise Unreadable(f"the set holds {told}", files[0].name, cure)
    return counted[-1][0] if counted else ""


def _summary(con: duckdb.DuckDBPyConnection, files: Sequence[KeptFile], view: str) -> Staged:
    con.execute(sql("ingest.sql", "duck_scopes"))
    totals = con.execute(sql("ingest.sql", "duck_totals")).fetchall()
    scopes = con.execute("from scopes order by number").fetchall()
    days = [
        row[0] for row in con.execute("select distinct day from numbered order by 1").fetchall()
    ]
    if days and days[-1] > utc_today() + _AHEAD:
        cure = "Check the charge periods: bills tell of days at most a year ahead"
        raise Unreadable(f"a charge stands on {days[-1]}", files[0].name, cure)
    return Staged(
        connection=con,
        files=tuple(files),
        view=view,
        rows=sum(row[2] for row in totals),
        totals=tuple(_total(*row) for row in totals),
        scopes=tuple(StagedScope(*row[:-2], *map(tuple, row[-2:])) for row in scopes),
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
