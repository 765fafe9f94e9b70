"""A canonical file format is data: its columns, how each cell is read, and what a row must hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from ingest.records import Batch, Rejected
from ingest.sources.base import Head, Unreadable
from ingest.sources.tables import Chunk, chunks, columns_of

_MEMO_MAX = 200_000

Columns = dict[str, list[object]]


@dataclass(frozen=True)
class Column:
    """One column of the file: the record field it fills and the parser of its cells."""

    name: str
    into: str
    parse: Callable[[str], object]
    required: bool = False
    default: object = ""


@dataclass(frozen=True)
class Format:
    """`finish(columns)` derives what is derived, drops helper columns and returns a reason for
    each row (by its number) that cannot be. `known_by` are the columns that tell the format."""

    name: str
    kind: str
    record_type: type
    columns: tuple[Column, ...]
    known_by: frozenset[str]
    finish: Callable[[Columns], dict[int, str]] = field(default=lambda columns: {})
    not_with: frozenset[str] = frozenset()

    def identify(self, head: Head) -> bool:
        columns = columns_of(head)
        return self.known_by <= columns and not self.not_with & columns

    def records(self, stream: BinaryIO, name: str) -> Iterator[Batch | Rejected]:
        """A batch of the good rows and a `Rejected` for each bad one, chunk by chunk."""
        memos = {column.name: _Memo(column) for column in self.columns}
        for chunk in chunks(stream, name):
            yield from chunk.rejected
            yield from self._read(chunk, memos, name)

    def _read(self, chunk: Chunk, memos: dict[str, "_Memo"], name: str) -> Iterator:
        reasons = self._unknown(chunk, name)
        cells = dict(zip(chunk.columns, chunk.cells, strict=True))
        columns: Columns = {}
        for column in self.columns:
            memo = memos[column.name]
            if column.name in cells:
                columns[column.into] = memo.read(cells[column.name], reasons)
            else:
                columns[column.into] = memo.read([None] * len(chunk.lines), reasons)
        if len(reasons) < len(chunk.lines):
            if reasons:
                columns = {into: _fill(values, reasons) for into, values in columns.items()}
            for row, reason in self.finish(columns).items():
                reasons.setdefault(row, reason)
        lines: Sequence[int] = chunk.lines
        if reasons:
            for row, reason in sorted(reasons.items()):
                yield Rejected(chunk.lines[row], reason, chunk.raw(row))
            good = [row for row in range(len(lines)) if row not in reasons]
            lines = [lines[row] for row in good]
            columns = {into: [values[row] for row in good] for into, values in columns.items()}
        if lines:
            yield Batch(self.record_type, lines, columns)

    def _unknown(self, chunk: Chunk, name: str) -> dict[int, str]:
        """A misspelt column would lose a dimension without a word, so a header with one refuses
        the file, and a JSON line with one is rejected. Columns named x_… are passed over."""
        known = {column.name for column in self.columns}
        reasons: dict[int, str] = {}
        for column, cells in zip(chunk.columns, chunk.cells, strict=True):
            if column in known or column.startswith("x_"):
                continue
            if chunk.has_header:
                cure = f"Known are {', '.join(sorted(known))}; name your own columns x_{column}"
                raise Unreadable(f"{self.name} has no column {column!r}", f"{name}, line 1", cure)
            for row, cell in enumerate(cells):
                if cell is not None:
                    reasons.setdefault(row, f"{self.name} has no column {column!r}")
        return reasons


class _Bad:
    def __init__(self, reason: str) -> None:
        self.reason = reason


class _Memo(dict):
    """Text to value, parsed once per distinct text: most columns repeat a few values."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.saw_bad = False

    def __missing__(self, raw: str | None) -> object:
        stripped = raw.strip() if raw else ""
        try:
            if stripped:
                value = self.column.parse(stripped)
            elif self.column.required:
                raise ValueError("empty, but required")
            else:
                value = self.column.default
        except ValueError as error:
            value = _Bad(f"{self.column.name}: {error}")
            self.saw_bad = True
        self[raw] = value
        return value

    def read(self, cells: Sequence[str | None], reasons: dict[int, str]) -> list[object]:
        if len(self) > _MEMO_MAX:
            self.clear()
            self.saw_bad = False
        values = list(map(self.__getitem__, cells))
        if self.saw_bad:
            for row, value in enumerate(values):
                if isinstance(value, _Bad):
                    reasons.setdefault(row, value.reason)
        return values


def _fill(values: list[object], rows: dict[int, str]) -> list[object]:
    """Stand a good row's value in for bad ones, so that `finish` need not know of them."""
    good = next((value for row, value in enumerate(values) if row not in rows), None)
    return [good if row in rows else value for row, value in enumerate(values)]
