"""What was read is still so while nobody has written: many programs ask the same again and again.

A value is kept in the memory of a web process with the day and the snapshot of the database it was
read in (https://www.postgresql.org/docs/current/functions-info.html, pg_current_snapshot). While
the snapshot is the same no transaction has ended since, so not one row can differ; any write ends
all that is kept.
"""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import date
from threading import Lock
from typing import Generic, TypeVar

from django.db import connection

from aicost.kernel.periods import utc_today
from aicost.kernel.sqlfiles import sql
from attribution.once import once

T = TypeVar("T")
Seen = tuple[str, date]


@once
def seen() -> Seen | None:
    """What a question sees now, asked once for an answer; None within a transaction, which sees
    its own changes beside."""
    if connection.in_atomic_block:
        return None
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.accounts", "snapshot"))
        return cursor.fetchone()[0], utc_today()


class Unchanged(Generic[T]):
    """The values used last, for threads at once, at most so many and of so many bytes."""

    def __init__(self, most: int, bytes_max: int = 0) -> None:
        self._most, self._bytes_max, self._bytes = most, bytes_max, 0
        self._kept: OrderedDict[Hashable, tuple[Seen, T, int]] = OrderedDict()
        self._lock = Lock()

    def of(self, key: Hashable, at: Seen | None) -> T | None:
        """What is kept, if it was read in what is seen now."""
        if at is None:
            return None
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[0] != at:
                return None
            self._kept.move_to_end(key)
            return found[1]

    def keep(self, key: Hashable, at: Seen | None, value: T, size: int = 0) -> None:
        if at is None:
            return
        with self._lock:
            self._drop(key)
            self._kept[key] = (at, value, size)
            self._bytes += size
            while len(self._kept) > self._most or self._bytes > self._bytes_max:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        if (found := self._kept.pop(key, None)) is not None:
            self._bytes -= found[2]
