"""Databases beside the test's own, on the same server, made by copying another one in a moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import sql


@contextmanager
def copied_as(what: str, of: str = "") -> Iterator[str]:
    """A copy of a database, by default the test's own, to which nobody else may be connected; its
    name. It ends with the block, whoever is connected."""
    of = of or connection.settings_dict["NAME"]
    name = f"{of}_{what}"
    connection.close()
    _run("create database {} template {}", name, of)
    try:
        yield name
    finally:
        connection.close()
        _run("drop database {} with (force)", name)


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """What connects meanwhile, in this process or a server it starts, gets to that database."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _run(query: str, *names: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql.SQL(query).format(*map(sql.Identifier, names)))
