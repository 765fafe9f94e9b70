"""Answers that are still true: many programs ask the same again and again.

An answer is kept in the memory of a web process with the day and the snapshot of the database it
was made in (https://www.postgresql.org/docs/current/functions-info.html, pg_current_snapshot).
While the snapshot is the same no transaction has ended since, so not one row can differ; any write
makes the answer anew. Whoever asks the same meanwhile waits for the one that is made.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from django.db import connection
from django.http import HttpResponse

from aicost.kernel.periods import utc_today
from aicost.kernel.sqlfiles import sql

ANSWERS_MAX, ANSWER_BYTES_MAX = 64, 512 * 1024
LOCKS = 64

_kept: OrderedDict[Hashable, tuple[tuple, bytes, dict[str, str]]] = OrderedDict()
_lock = Lock()
_making = tuple(Lock() for _ in range(LOCKS))


def remembered(key: Hashable, make: Callable[[], HttpResponse]) -> HttpResponse:
    """What `make` answers, or answered to the same key while nothing has changed since. The key
    says all that the answer hangs on beside the database: question, rights, address."""
    if connection.in_atomic_block:
        return make()
    found = _of(key, _seen())
    if found is not None:
        return found
    with _making[hash(key) % LOCKS]:
        seen = _seen()
        found = _of(key, seen)
        if found is not None:
            return found
        answer = make()
        _keep(key, seen, answer)
    return answer


def _seen() -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.api.rest", "snapshot"))
        return cursor.fetchone()[0], utc_today()


def _of(key: Hashable, seen: tuple) -> HttpResponse | None:
    with _lock:
        found = _kept.get(key)
        if found is None or found[0] != seen:
            return None
        _kept.move_to_end(key)
    _, content, headers = found
    return HttpResponse(content, headers=headers)


def _keep(key: Hashable, seen: tuple, answer: HttpResponse) -> None:
    if answer.streaming or answer.status_code != 200 or len(answer.content) > ANSWER_BYTES_MAX:
        return
    with _lock:
        _kept[key] = (seen, answer.content, dict(answer.headers))
        _kept.move_to_end(key)
        while len(_kept) > ANSWERS_MAX:
            _kept.popitem(last=False)
