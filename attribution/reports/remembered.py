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

from aicost.accounts.unchanged import Seen, Unchanged, seen
from attribution.reports.spec import Answer, Spec

ANSWERS_MAX, ROWS_MAX = 500, 20_000  # some 20 MB
SECONDS = 60

_kept: Unchanged[Answer] = Unchanged(ANSWERS_MAX, ROWS_MAX)
_remembers = False
# What is being worked out just now. A report may ask another, never one that asks it.
_going: dict[tuple[Hashable, Seen], Future[Answer]] = {}
_guard = Lock()


def remember_answers(yes: bool = True) -> None:
    """What a process says once that answers people and changes little itself."""
    global _remembers
    _remembers = yes


def remembered(spec: Spec, make: Callable[[], Answer]) -> Answer:
    """What `make` answers, or did answer to this question. The rows are the caller's own."""
    at = seen() if _remembers else None
    if at is None:
        return make()
    key = (int(time.time() // SECONDS), *_asked(spec))
    if (found := _kept.of(key, at)) is not None:
        return _own(found)
    with _guard:
        going, mine = _going.get((key, at)), Future[Answer]()
        if going is None:
            _going[key, at] = mine
    return _own(going.result()) if going else _worked_out(key, at, make, mine)


def _worked_out(key: Hashable, at: Seen, make: Callable[[], Answer], told: Future) -> Answer:
    """What `make` answers, told to all who ask the same meanwhile; so is what it raises."""
    try:
        found = make()
        told.set_result(_own(found))
    except BaseException as error:
        told.set_exception(error)
        raise
    finally:
        with _guard:
            del _going[key, at]
    if len(found.rows) <= ROWS_MAX // 10:
        _kept.keep(key, at, told.result(), len(found.rows) + 1)
    return found


def _own(answer: Answer) -> Answer:
    return replace(answer, rows=[dict(row) for row in answer.rows])


def _asked(spec: Spec) -> tuple:
    told = {field.name: getattr(spec, field.name) for field in fields(spec)}
    told["filters"] = tuple(sorted((name, tuple(of)) for name, of in spec.filters.items()))
    return tuple(told.values())
