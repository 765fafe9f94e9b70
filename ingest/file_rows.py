"""The rows of the kept files behind one charge, for "Why this number?".

The reader's own expression decides which rows belong to the charge, so lineage cannot disagree
with loading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
import csv
from functools import lru_cache
import io
from pathlib import Path
import tempfile

from aicost.kernel.late import Late
from ingest.bad_line import is_parquet, text_rows
from ingest.bill_table import connect, flat_rows, header, is_flattened, open_table
from ingest.fetch.kept import (
    HEADER_BYTES_MAX,
    KeptFile,
    charset_of,
    open_bytes,
    working_folder,
)
from ingest.models import Charge, Delivery
from ingest.readers import reader_named
from ingest.sources.base import BillReader
from ingest.sources.charges import (
    AMOUNTS,
    COUNTS,
    IDENTITY,
    MAYBE_AMOUNTS,
    ROW,
    SCOPE_PART,
    canonical_series,
    series_sha256,
    with_part,
)

ibis = Late("ibis")
dt = Late("ibis.expr.datatypes")

ROWS_MAX = 200


def rows_of_charge(charge: Charge, rows_max: int = ROWS_MAX) -> list[dict]:
    """The file rows that were summed into the charge, at most `rows_max`, in file order.

    Each is {"file": name, "sha256": …, "line": physical line counted from 1 (of Parquet: the row),
    "columns": {name as in the file: text}}; columns that hold nothing are left out."""
    delivery = _standing(charge)
    reader = reader_named(delivery.source, delivery.reader)
    found = []
    with tempfile.TemporaryDirectory(dir=working_folder()) as folder:
        scratch = Path(folder)
        backend = connect(scratch)
        backend.con.execute("set preserve_insertion_order = true")
        for stored in delivery.files.order_by("pk"):
            file = KeptFile(stored.name, stored.sha256, stored.size_bytes, stored.kept_as)
            numbers = _numbers(backend, reader, file, charge, scratch)[: rows_max - len(found)]
            for line, columns in _records(backend, reader, file, numbers, scratch):
                found.append(
                    {"file": file.name, "sha256": file.sha256, "line": line, "columns": columns}
                )
            if len(found) >= rows_max:
                break
        backend.disconnect()
    return found


def _standing(charge: Charge) -> Delivery:
    """The delivery in force of its scope. A charge that later deliveries repeat names its first,
    whose bytes may be gone (ingest.purge)."""
    scope = Delivery.objects.filter(scope=charge.scope_id, state=Delivery.PUBLISHED)
    return scope.order_by("pk").last() or charge.delivery


def _numbers(
    backend: ibis.BaseBackend, reader: BillReader, file: KeptFile, charge: Charge, scratch: Path
) -> list[int]:
    """The numbers, from 0, of the data rows that the reader's expression puts into the charge."""
    table = open_table(backend, [file], scratch, reader)
    query = _identities(reader.expression, tuple(table.schema().items()))
    series = charge.series
    wanted = {column: getattr(series, column) for column in IDENTITY} | {
        "day": charge.day,
        "billing_period": charge.billing_period,
        "invoice_id": charge.invoice_id,
        "long_period_end": charge.long_period_end and charge.long_period_end.replace(tzinfo=None),
        SCOPE_PART: charge.scope.part,
    }
    holds = " and ".join(f'"{column}" is not distinct from ?' for column in wanted)
    rows = backend.con.sql(f"from ({query}) where {holds}", params=list(wanted.values()))
    identity = bytes(series.sha256)
    found = {
        row[ROW]
        for row in rows.to_arrow_table().to_pylist()
        if series_sha256(canonical_series(row)) == identity
    }
    return sorted(found)


@lru_cache(maxsize=64)
def _identities(expression: Callable, columns: tuple[tuple[str, dt.DataType], ...]) -> str:
    """The reader's expression over the view `bill` as SQL, without its amounts: every row apart
    with what identifies its charge. Writing it takes longer than running it on a small file, and
    is the same for all files of one shape."""
    table = ibis.table(dict(columns), name="bill")
    rows = with_part(expression(table.mutate(**{ROW: ibis.row_number()})))
    unasked = {*AMOUNTS, *MAYBE_AMOUNTS, *COUNTS, "billed_rest"}
    kept = rows.select([name for name in rows.columns if name not in unasked])
    return str(ibis.to_sql(kept, dialect="duckdb", pretty=False))


def _records(
    backend: ibis.BaseBackend, reader: BillReader, file: KeptFile, numbers: list[int], scratch: Path
) -> Iterator[tuple[int, dict[str, str]]]:
    if not numbers:
        return
    if is_parquet(file):
        yield from _parquet_records(backend, file, numbers, scratch)
        return
    if is_flattened(file, reader):
        wanted = set(numbers)
        for number, (line, columns) in enumerate(flat_rows(file, reader.flatten)):
            if number in wanted:
                yield line, {name: value for name, value in columns.items() if value}
            if number >= numbers[-1]:
                return
    names = header(file)
    for line, fields in _text_records(file, numbers):
        yield line, {name: value for name, value in zip(names, fields, strict=True) if value}


def _parquet_records(
    backend: ibis.BaseBackend, file: KeptFile, numbers: list[int], scratch: Path
) -> Iterator[tuple[int, dict[str, str]]]:
    table = open_table(backend, [file], scratch).mutate(**{ROW: ibis.row_number()})
    rows = table.filter(table[ROW].isin(numbers)).order_by(ROW).to_pyarrow().to_pylist()
    for row in rows:
        number = row.pop(ROW)
        yield number + 1, {name: str(value) for name, value in row.items() if value is not None}


def _text_records(file: KeptFile, numbers: Iterable[int]) -> Iterator[tuple[int, list[str]]]:
    """(physical line, fields) of some data rows. A row ends with the line in which its quotes are
    even; counting them is several times faster than parsing every row."""
    wanted = set(numbers)
    with open_bytes(file.path) as stream:
        charset = charset_of(stream.read(HEADER_BYTES_MAX))
    if charset != "utf-8":
        for number, (line, fields) in enumerate(text_rows(file), start=-1):
            if number in wanted:
                yield line, fields
        return
    last, number, began, held = max(wanted), -1, 1, []
    with open_bytes(file.path) as stream:
        for line, content in enumerate(stream, start=1):
            if not held and not content.strip(b"\r\n"):
                continue
            began = began if held else line
            held.append(content)
            if sum(part.count(b'"') for part in held) % 2:
                continue
            if number in wanted:
                text = b"".join(held).decode("utf-8")
                yield began, next(csv.reader(io.StringIO(text, newline="")))
            if number >= last:
                return
            number, held = number + 1, []
