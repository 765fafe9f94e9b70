"""In the web server, a question put again while nobody has written is answered from memory: by
whoever opens the same page next, goes back or reloads (aicost.accounts.unchanged). What several
parts of a page ask at once is worked out by the first and awaited by the others.

A minute at most, since some reports tell how long ago something was. Elsewhere nothing is kept.
"""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import fields, replace
from threading import Lock
import time

from django.db import connection

from aicost.accounts.unchanged import Seen, Unchanged, seen
from attribution.reports.spec import Answer, Spec

ANSWERS_MAX, ROWS_MAX = 500, 20_000  # some 20 MB
SECONDS, AWAITED_SECONDS = 60, 30

_kept: Unchanged[Answer] = Unchanged(ANSWERS_MAX, ROWS_MAX)
_remembers = False


class Going(Future[Answer | None]):
    """An answer that is being worked out; None where nothing came of it."""

    awaited = False


# A report may ask another, never one that asks it.
_going: dict[tuple[Hashable, Seen], Going] = {}
_guard = Lock()


def remember_answers(yes: bool = True) -> None:
    """What a process says once that answers people and changes little itself."""
    global _remembers
    _remembers = yes


def remembered(spec: Spec, make: Callable[[], Answer]) -> Answer:
    """What `make` answers, or did answer to this question. The rows are the caller's own. A
    transaction sees its own changes and may have less time: it neither gives nor takes."""
    at = seen() if _remembers and not connection.in_atomic_block else None
    if at is None:
        return make()
    key = (int(time.time() // SECONDS), *_asked(spec))
    if (found := _kept.of(key, at)) is not None:
        return _own(found)
    with _guard:
        going, mine = _going.get((key, at)), Going()
        if going is None:
            _going[key, at] = mine
        else:
            going.awaited = True
    if going is None:
        return _worked_out(key, at, make, mine)
    try:
        told = going.result(AWAITED_SECONDS)
    except TimeoutError:
        told = None
    return make() if told is None else _own(told)


def _worked_out(key: Hashable, at: Seen, make: Callable[[], Answer], mine: Going) -> Answer:
    """What `make` answers, told to all who ask the same meanwhile; what it raises is its own."""
    found = None
    try:
        found = make()
        if len(found.rows) <= ROWS_MAX // 10:
            _kept.keep(key, at, _own(found), len(found.rows) + 1)
        return found
    finally:
        with _guard:
            del _going[key, at]
        mine.set_result(_own(found) if found is not None and mine.awaited else None)


def _own(answer: Answer) -> Answer:
    return replace(answer, rows=[dict(row) for row in answer.rows])


def _asked(spec: Spec) -> tuple:
    told = {field.name: getattr(spec, field.name) for field in fields(spec)}
    told["filters"] = tuple(sorted((name, tuple(of)) for name, of in spec.filters.items()))
    return tuple(told.values())
