"""Show what a mapping makes of a file before anything is stored."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO
import zlib

from aicost.kernel.money import plain
from ingest.fetch.kept import keep, open_bytes, working_folder
from ingest.records import Batch, Rejected
from ingest.sources.base import BillReader, Unreadable
from ingest.sources.mapped import BILL, checked, header_of, mapped_reader, rows_of
from ingest.stage import staged

ROWS_SHOWN = 12
ROWS_CHECKED = 5_000
PROBLEMS_SHOWN = 8


@dataclass(frozen=True)
class Preview:
    """`rows` are the first rows as the target's columns, `good` and `bad` count what was checked
    (of a bill the whole file, of other rows at most ROWS_CHECKED), `told` sums a bill up."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    good: int
    bad: int
    problems: tuple[str, ...]
    told: str = ""


@contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes. Raises `Unreadable` where its gzip is broken."""
    try:
        with open_bytes(path) as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        cure = "Fetch the file again"
        raise Unreadable(f"cannot decompress ({error})", path.name, cure) from error


def file_columns(path: Path) -> list[str]:
    """The column names of a table file. Raises `Unreadable`."""
    with _unpacked(path) as stream:
        columns = [name.strip() for name in header_of(stream.read(64 * 1024))]
    if len(columns) < 2:
        cure = "A table has a header line, its columns parted by comma, semicolon, tab or |"
        raise Unreadable("no table with a header was found", path.name, cure)
    return columns


def preview(path: Path, told: Mapping[str, object]) -> Preview:
    """What the file would become. Raises `BadMapping`, and `Unreadable` for the whole file."""
    mapping = checked(told)
    with _unpacked(path) as stream:
        rows = [row for _, row in islice(rows_of(stream, mapping, path.name), ROWS_SHOWN)]
    names = tuple(mapping.columns) + tuple(mapping.constants)
    shown = tuple(tuple(row.get(name, "") for name in names) for row in rows)
    if mapping.target == BILL:
        return _bill(path, mapping, names, shown)
    good, problems, bad = 0, [], 0
    with _unpacked(path) as stream:
        for item in mapped_reader(mapping, "preview").records(stream, path.name):
            if isinstance(item, Rejected):
                bad += 1
                problems.append(f"line {item.line}: {item.reason}")
            else:
                good += len(item.lines) if isinstance(item, Batch) else 1
            if good + bad >= ROWS_CHECKED:
                break
    return Preview(names, shown, good, bad, tuple(problems[:PROBLEMS_SHOWN]))


def _bill(path: Path, mapping, names: tuple[str, ...], shown: tuple) -> Preview:
    reader = mapped_reader(mapping, "preview")
    assert isinstance(reader, BillReader)
    with staged(reader, [keep(path)], working_folder()) as whole:
        told = "; ".join(
            f"{plain(total.billed_cost)} {total.currency}, {total.first_day} to {total.last_day}"
            for total in whole.totals
        )
        return Preview(names, shown, whole.rows, 0, (), told)
