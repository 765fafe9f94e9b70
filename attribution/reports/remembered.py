"""In the web server, a question put again while nobody has written is answered from memory: by
whoever opens the same page next, goes back or reloads (aicost.accounts.unchanged).

A minute at most, since some reports tell how long ago something was. Elsewhere nothing is kept.
"""

from collections.abc import Callable
from dataclasses import fields, replace
import time

from aicost.accounts.unchanged import Unchanged, seen
from attribution.reports.spec import Answer, Spec

ANSWERS_MAX, ROWS_MAX = 500, 20_000  # some 20 MB
SECONDS = 60

_kept: Unchanged[Answer] = Unchanged(ANSWERS_MAX, ROWS_MAX)
_remembers = False


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
    found = _kept.of(key, at)
    if found is None:
        found = make()
        if len(found.rows) <= ROWS_MAX // 10:
            _kept.keep(key, at, _own(found), len(found.rows) + 1)
        return found
    return _own(found)


def _own(answer: Answer) -> Answer:
    return replace(answer, rows=[dict(row) for row in answer.rows])


def _asked(spec: Spec) -> tuple:
    told = {field.name: getattr(spec, field.name) for field in fields(spec)}
    told["filters"] = tuple(sorted((name, tuple(of)) for name, of in spec.filters.items()))
    return tuple(told.values())
