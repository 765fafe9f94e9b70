"""Monthly partitions, made before a load needs them and in a transaction of their own."""

from collections.abc import Iterable
from datetime import date

from django.db import connection

from aicost.kernel.periods import month_start


def ensure_partitions(table: str, days: Iterable[date]) -> None:
    """Make the monthly partitions of `table` that hold `days`; call it outside the load's
    transaction: creating a partition locks the whole table."""
    months = sorted({month_start(day) for day in days})
    with connection.cursor() as cursor:
        cursor.execute("select aicost_ensure_partitions(%s, %s::date[])", [table, months])
