"""Spread of charges longer than a day over the receivers of their charge month."""

from datetime import date

from django.db import connection, transaction

from aicost.kernel.periods import month_start
from aicost.kernel.sqlfiles import sql


def spread_months(touched: set[tuple[int, date]]) -> None:
    """Rebuild the month rows of every (source, charge month) that has a touched day."""
    for source, month in sorted({(source, month_start(day)) for source, day in touched}):
        binds = {"source": source, "month": month}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(%s, %s)", [source, month.year * 12 + month.month]
            )
            cursor.execute(sql("attribution.sql", "clear_month_spread"), binds)
            cursor.execute(sql("attribution.sql", "month_spread"), binds)
