"""What is known of a charge month only as a whole: the spread of charges longer than a day over its
receivers, and the sums that reports of whole months read."""

from datetime import date

from django.db import connection, transaction

from aicost.kernel.sqlfiles import sql

MONTH_STEPS = (
    "clear_month_spread",
    "month_spread",
    "month_spread_sums_target",
    "month_spread_sums_service",
    "month_sums",
    "month_sums_all",
    "clear_week_sums",
    "week_sums",
    "week_sums_all",
    "clear_gpu_sums",
    "gpu_sums",
)


def spread_months() -> int:
    """Rebuild the month rows of every (source, charge month) with a day published since; how
    many. The mark is in the database: what a worker that died left unspread, the next one does."""
    done = 0
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "unspread_months"))
        for source, month in cursor.fetchall():
            done += _spread(source, month)
    return done


def _spread(source: int, month: date) -> bool:
    binds = {"source": source, "month": month}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "alone"))
        cursor.execute(sql("attribution.sql", "mark_month_spread"), binds)
        if cursor.rowcount == 0:  # another worker was first
            return False
        for name in MONTH_STEPS:
            cursor.execute(sql("attribution.sql", name), binds)
    return True
