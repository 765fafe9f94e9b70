"""Pages by keyset: a cursor holds the key of the last row given, so that rows that come or go
between two pages neither repeat nor drop the others."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import date, datetime
import hashlib
import json

from attribution.reports.columns import COUNT, DAY, TEXT, TIME, kind_of
from attribution.reports.spec import BadSpec

CHARS_MAX = 8_000


def key_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """What tells rows apart: names, days and numbers of things; never what is measured."""
    return tuple(
        name
        for name in columns
        if name == "value"
        or kind_of(name) in (TEXT, DAY, TIME)
        or (kind_of(name) == COUNT and name.endswith("_id"))
    )


def key_of(row: Mapping, names: Sequence[str]) -> tuple:
    return tuple(_part(row.get(name)) for name in names)


def in_order(rows: Sequence[dict], columns: Sequence[str]) -> list[tuple[tuple, dict]]:
    """(key, row) by key; rows of one key by all they say, so that the order is always the same."""
    names = key_columns(columns)
    rest = [name for name in columns if name not in names]
    keyed = [(key_of(row, names), row) for row in rows]
    return sorted(keyed, key=lambda one: (one[0], tuple(str(one[1].get(n)) for n in rest)))


def page(
    keyed: Sequence[tuple[tuple, dict]], cursor: str | None, limit: int, question: str
) -> tuple[list[dict], str | None]:
    """The rows after the cursor, at most `limit`, and the cursor of the next page if there is one.
    Raises BadSpec for a cursor that is none, or of another question."""
    start = _start(keyed, _read(cursor, question)) if cursor else 0
    taken = keyed[start : start + limit]
    if start + limit >= len(keyed) or not taken:
        return [row for _, row in taken], None
    last = taken[-1][0]
    same = 0
    for key, _ in reversed(keyed[: start + limit]):
        if key != last:
            break
        same += 1
    return [row for _, row in taken], _write(last, same, question)


def question_of(*parts: object) -> str:
    """A short name of the question that a cursor belongs to."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _start(keyed: Sequence[tuple[tuple, dict]], told: tuple[tuple, int]) -> int:
    key, given = told
    low, high = 0, len(keyed)
    while low < high:
        middle = (low + high) // 2
        if keyed[middle][0] < key:
            low = middle + 1
        else:
            high = middle
    skipped = 0
    while low < len(keyed) and keyed[low][0] == key and skipped < given:
        low, skipped = low + 1, skipped + 1
    return low


def _part(value: object) -> tuple:
    """None first, then numbers, then text; times and days by their text."""
    if value is None:
        return (0, 0, "")
    if isinstance(value, int):
        return (1, value, "")
    if isinstance(value, date | datetime):
        return (2, 0, value.isoformat())
    return (2, 0, str(value))


def _write(key: tuple, same: int, question: str) -> str:
    told = json.dumps([question, same, key], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _read(cursor: str, question: str) -> tuple[tuple, int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        of, same, parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        key = tuple((int(kind), int(number), str(text)) for kind, number, text in parts)
        same = int(same)
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError) as error:
        raise BadSpec("cursor is not one that an answer gave: begin without it") from error
    if of != question:
        raise BadSpec("the cursor belongs to another question: repeat all other parameters")
    return key, same
