"""Pages by keyset: a cursor holds the key of the last row given, so that rows that come or go
between two pages neither repeat nor drop the others."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
import hashlib
from heapq import nsmallest
import json

from django.db.models import QuerySet

from attribution.reports.columns import COUNT, DAY, TEXT, TIME, kind_of
from attribution.reports.spec import BadSpec

NO_CURSOR = "cursor is not one that an answer gave: begin without it"


def key_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """What tells rows apart: names, days and numbers of things; never what is measured."""
    return tuple(
        name
        for name in columns
        if name == "value"
        or kind_of(name) in (TEXT, DAY, TIME)
        or (kind_of(name) == COUNT and name.endswith("_id"))
    )


def page(
    rows: Iterable[dict], columns: Sequence[str], cursor: str | None, limit: int, question: str
) -> tuple[list[dict], str | None]:
    """In the order of their key the rows after the cursor, at most `limit`, and the cursor of the
    next page if there is one. Rows are read once and only those of the page are kept, however many
    there are. Raises BadSpec for a cursor that is none, or of another question."""
    after, given = _read(cursor, question) if cursor else ((), 0)
    wanted = (one for one in _placed(rows, columns) if one[0] >= after)
    found = nsmallest(given + limit + 1, wanted)
    start = 0
    while start < min(given, len(found)) and found[start][0] == after:
        start += 1
    taken = found[start : start + limit]
    if not taken or len(found) <= start + limit:
        return [row for *_, row in taken], None
    last = taken[-1][0]
    same = sum(key == last for key, *_ in found[: start + limit])
    return [row for *_, row in taken], _write(last, same, question)


def numbered(
    rows: QuerySet, cursor: str | None, limit: int, question: str
) -> tuple[list, str | None]:
    """A page of rows of a table in the order of their numbers. Raises BadSpec as `page` does."""
    last = _number(_read(cursor, question)[0]) if cursor else 0
    found = list(rows.filter(pk__gt=last).order_by("pk")[: limit + 1])
    taken = found[:limit]
    after = _write((_part(taken[-1].pk),), 1, question) if len(found) > limit else None
    return taken, after


def _number(key: tuple) -> int:
    if len(key) != 1 or not 0 <= key[0][1] < 1 << 63:
        raise BadSpec(NO_CURSOR)
    return key[0][1]


def _placed(rows: Iterable[dict], columns: Sequence[str]) -> Iterator[tuple]:
    """(key, all else they say, a number, row): rows of one key always come in the same order, and
    no two rows are ever compared."""
    names = key_columns(columns)
    rest = [name for name in columns if name not in names]
    for nth, row in enumerate(rows):
        key = tuple(_part(row.get(name)) for name in names)
        yield key, tuple(str(row.get(name)) for name in rest), nth, row


def question_of(*parts: object) -> str:
    """A short name of the question that a cursor belongs to."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _part(value: object) -> tuple:
    """None first, then numbers, then text; times and days by their text."""
    if type(value) is str:
        return (2, 0, value)
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
        same = max(0, int(same))
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError) as error:
        raise BadSpec(NO_CURSOR) from error
    if of != question:
        raise BadSpec("the cursor belongs to another question: repeat all other parameters")
    return key, same
