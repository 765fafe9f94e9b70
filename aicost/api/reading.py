"""How programs read: in a transaction that cannot write and cannot run for long."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled


@contextmanager
def reading(seconds: int, replays: bool = False) -> Iterator[None]:
    """No statement within it takes longer than so many seconds; it is rolled back in the end. What
    `replays` rules writes tables that go with it. All of it is about one connection: a generator
    may keep it open while its rows are read."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not replays:
                cursor.execute("set transaction read only")
            cursor.execute("set local statement_timeout = %s", [seconds * 1000])
        try:
            yield
        finally:
            transaction.set_rollback(True)


def took_too_long(error: OperationalError) -> bool:
    """Whether the database ended the statement, for its time was up."""
    return isinstance(error.__cause__, QueryCanceled)
