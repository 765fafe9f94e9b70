"""One process at a time: an advisory lock, which goes with the connection that holds it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def alone(space: int, key: int) -> Iterator[bool]:
    """Whether this process has `key` of the space to itself until the end of the block."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [space, key])
        [found] = cursor.fetchone()
    try:
        yield found
    finally:
        if found:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s, %s)", [space, key])
