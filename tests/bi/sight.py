"""Reading reporting_v1 as a login: in the test's own transaction, by SET ROLE."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.db import connection
from psycopg import sql as compose

from aicost.bi.logins import add_login

D = Decimal


@contextmanager
def seen_by(role: str = "viewer", teams: tuple[str, ...] | None = None) -> Iterator[None]:
    """What a new login sees; it is gone with the test's transaction."""
    name = "bi_" + "_".join([role, *(teams or ())])
    add_login(name, role, teams)
    with connection.cursor() as cursor:
        cursor.execute(compose.SQL("set role {}").format(compose.Identifier(name)))
        try:
            yield
        finally:
            cursor.execute("reset role")


def select(query: str, *values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
