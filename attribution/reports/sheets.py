"""A table as data, and the three files it is written to: CSV, XLSX and Parquet.

A sheet holds what a page shows, unrounded: its rows with idle, shared, unattributed and total. The
files are written row by row, so that none of them stands in memory. CSV and Parquet keep every
digit; a spreadsheet counts in doubles, so XLSX keeps about 15 of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain, islice
import json
from tempfile import TemporaryFile
from typing import IO

from aicost.kernel.cells import FORMULA_STARTS
from aicost.kernel.late import Late
from aicost.kernel.periods import utc_now
from attribution.reports.columns import COUNT, DAY, DECIMAL, MEASURE, TEXT, TIME, kind_of
from attribution.reports.formats import csv_text
from attribution.reports.parquet import pieces, schema_of
from attribution.reports.question import spec_values
from attribution.reports.spec import Answer, BadSpec

xlsxwriter = Late("xlsxwriter")

RATIO_DIGITS = Decimal("1e-18")
LINES_A_CHUNK, BYTES_A_CHUNK = 1_000, 64 * 1024
# What Excel takes: rows of a sheet below its head, characters of a cell.
XLSX_ROWS_MAX, XLSX_TEXT_MAX = 1_048_576 - 1, 32_767
# Two decimals, and as many as it takes where two would show a real cost as zero.
XLSX_MONEY = "[>=0.01]#,##0.00;[<=-0.01]-#,##0.00;0.00##########"


@dataclass(frozen=True)
class Column:
    """`kind` is one of attribution.reports.columns."""

    name: str
    kind: str

    @classmethod
    def of(cls, one: Column | str) -> Column:
        return one if isinstance(one, Column) else cls(one, kind_of(one))


# Said of every row of a CSV and of a Parquet file; a sheet "About" says it in XLSX.
PROVENANCE = (
    Column("first_day", DAY),
    Column("last_day", DAY),
    Column("basis", TEXT),
    Column("trust", TEXT),
    Column("as_of", TIME),
)


@dataclass(frozen=True)
class Sheet:
    """`rows` are tuples in the order of `columns`; an unknown is None. `about` says in words what
    was asked, `trust` is final or estimate, `converted` that amounts were multiplied by rates."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple]
    first_day: date
    last_day: date
    basis: str
    trust: str
    as_of: datetime | None
    about: tuple[tuple[str, str], ...] = ()
    spec: dict = field(default_factory=dict)
    converted: bool = False

    @property
    def provenance(self) -> tuple:
        return (self.first_day, self.last_day, self.basis, self.trust, self.as_of)

    @property
    def full_columns(self) -> tuple[Column, ...]:
        """With what is said of every row, unless the table says it itself."""
        own = {column.name for column in self.columns}
        return self.columns + tuple(c for c in PROVENANCE if c.name not in own)

    def full_rows(self) -> Iterator[tuple]:
        own = {column.name for column in self.columns}
        pairs = zip(PROVENANCE, self.provenance, strict=True)
        said = tuple(value for column, value in pairs if column.name not in own)
        return (row + said for row in self.rows)


def sheet_of(
    title: str, answer: Answer, columns: Sequence[Column | str], rows: Iterable[dict]
) -> Sheet:
    """Rows made from an answer, with what the answer says of itself. A column a row lacks is
    unknown in it."""
    spec = answer.spec
    known = tuple(Column.of(one) for one in columns)
    last = spec.period.end - timedelta(days=1)
    return Sheet(
        title,
        known,
        [tuple(row.get(column.name) for column in known) for row in rows],
        spec.period.start,
        last,
        spec.basis,
        "final" if answer.final else "estimate",
        answer.as_of,
        about=_about(answer, last),
        spec=spec_values(spec) | {"report": spec.report},
        converted=bool(spec.in_currency),
    )


def sheet_of_answer(title: str, answer: Answer) -> Sheet:
    """The answer as it is."""
    return sheet_of(title, answer, answer.columns, answer.rows)


def listed(title: str, columns: Sequence[Column | str], rows: Iterable[dict]) -> Sheet:
    """A table of no report: what stands in it today."""
    known, now = tuple(Column.of(one) for one in columns), utc_now()
    return Sheet(
        title,
        known,
        [tuple(row.get(column.name) for column in known) for row in rows],
        now.date(),
        now.date(),
        basis="",
        trust="final",
        as_of=now,
    )


def ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """A quotient to 18 decimals, since 1/3 has no exact one; None where there is none."""
    if part is None or not whole:
        return None
    return (part / whole).quantize(RATIO_DIGITS)


def percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return ratio(None if part is None else part * 100, whole)


def _about(answer: Answer, last: date) -> tuple[tuple[str, str], ...]:
    spec = answer.spec
    told = [
        ("Period", f"{spec.period.start} to {last}, both included, UTC"),
        ("Basis", f"{spec.basis} cost"),
        ("Idle and shared", f"idle {spec.idle}, shared {spec.shared}"),
        ("Currency", answer.currency or "see the column currency"),
        ("Trust", "final" if answer.final else "estimate: some of these days may still change"),
        ("As of", f"{answer.as_of:%Y-%m-%d %H:%M} UTC" if answer.as_of else "nothing loaded"),
        ("Grouped by", ", ".join(spec.group_by) or "nothing"),
        *((f"Filter {name}", ", ".join(v or "not set" for v in values))
          for name, values in sorted(spec.filters.items())),
        ("Report", spec.report),
    ]  # fmt: skip
    if spec.in_currency:
        told.append(("Converted to", f"{spec.in_currency}, by the rate of each charge's month"))
    return tuple(told)


def _batches(rows: Iterable, size: int) -> Iterator[list]:
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


def csv_chunks(sheet: Sheet) -> Iterator[bytes]:
    """UTF-8, a head and a line a row; text cannot become a formula, numbers are as they are."""
    lines = chain([[column.name for column in sheet.full_columns]], sheet.full_rows())
    for some in _batches(lines, LINES_A_CHUNK):
        yield csv_text(some).encode()


def parquet_chunks(sheet: Sheet) -> Iterator[bytes]:
    """Decimals with 18 digits behind the point (36 after a conversion); the question as metadata.
    The schema is the same with and without rows."""
    told = json.dumps(sheet.spec | {"title": sheet.title, "about": dict(sheet.about)})
    columns = [(column.name, column.kind) for column in sheet.full_columns]
    yield from pieces(schema_of(columns, {"aicost": told}, sheet.converted), sheet.full_rows())


def xlsx_chunks(sheet: Sheet) -> Iterator[bytes]:
    """Numbers as numbers, days as days, text always as text; a second sheet says what was asked.
    Raises BadSpec for more rows or longer texts than Excel takes."""
    if len(sheet.rows) > XLSX_ROWS_MAX:
        raise BadSpec(f"{len(sheet.rows)} rows do not fit a spreadsheet; take CSV or Parquet")
    with TemporaryFile() as file:
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            _write_book(book, sheet)
        yield from _read_back(file)


def _write_book(book: xlsxwriter.Workbook, sheet: Sheet) -> None:
    formats = _Formats(book)
    page = book.add_worksheet("Table")
    page.freeze_panes(1, 0)
    for n, column in enumerate(sheet.columns):
        page.set_column(n, n, 24 if column.kind == TEXT else 16)
        page.write_string(0, n, column.name, formats.head)
    for r, row in enumerate(sheet.rows, 1):
        for n, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
            formats.write(page, r, n, column, value)
    about = book.add_worksheet("About")
    about.set_column(0, 1, 32)
    for r, (name, text) in enumerate((("Table", sheet.title), *sheet.about)):
        about.write_string(r, 0, name, formats.head)
        about.write_string(r, 1, text)


def _read_back(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(BYTES_A_CHUNK):
        yield chunk


class _Formats:
    """The looks of cells, and one cell written in the look of its kind."""

    def __init__(self, book: xlsxwriter.Workbook):
        self.head = book.add_format({"bold": True, "bottom": 1})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.count = book.add_format({"num_format": "#,##0"})
        self.money = book.add_format({"num_format": XLSX_MONEY})
        # What a person edits in such a cell stays text too.
        self.quoted = book.add_format({"quote_prefix": True})

    def write(self, page, row: int, n: int, column: Column, value: object) -> None:
        if value is None:
            return
        if column.kind in (COUNT, DECIMAL, MEASURE):
            page.write_number(row, n, value, self.count if column.kind == COUNT else self.money)
        elif column.kind == DAY:
            page.write_datetime(row, n, value, self.day)
        elif column.kind == TIME:
            page.write_datetime(row, n, value.astimezone(UTC).replace(tzinfo=None), self.time)
        else:
            text = str(value)
            if len(text) > XLSX_TEXT_MAX:
                raise BadSpec("a text is too long for a spreadsheet; take CSV or Parquet")
            page.write_string(
                row, n, text, self.quoted if text.startswith(FORMULA_STARTS) else None
            )


WRITERS = {"csv": csv_chunks, "xlsx": xlsx_chunks, "parquet": parquet_chunks}
