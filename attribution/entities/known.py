"""Whether a name exists at all, so that a page about one that does not can say so."""

from django.db import connection

from aicost.kernel.sqlfiles import sql


def is_known(dimension: str, name: str) -> bool:
    """Whether money, a call, a run, a row of the business or a person ever named it so; of any
    kind of name there are pages of."""
    with connection.cursor() as cursor:
        values = {"dimension": dimension, "name": name}
        cursor.execute(sql("attribution.sql", "name_is_known"), values)
        return cursor.fetchone()[0]
