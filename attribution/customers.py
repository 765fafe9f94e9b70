"""Customers, of whom there may be 100,000: the day's cost of every target is split over the
customers of its calls, after the day is published and beside the ledger, which it never changes."""

from datetime import date

from django.db import connection, transaction

from aicost.kernel.sqlfiles import sql
from attribution.closing.pinned import price_book_on, words_of
from attribution.token_weights import weights_of

DAY_TABLES = ("w_alias", "w_call", "w_price", "w_agrees")
MONTH_STEPS = (
    "customer_clear_month",
    "customer_month_cost",
    "customer_month_total",
    "customer_month_count",
    "customer_month_use",
)


def split_customers() -> int:
    """Split every day whose bills or calls changed since it was split; how many. The marks are in
    the database: what a worker that died left undone, the next one does."""
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "customer_stale_days"))
        stale = cursor.fetchall()
    done = sum(_split(day, version) for day, version in stale)
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "customer_unsummed_months"))
        months = [row[0] for row in cursor.fetchall()]
    for month in months:
        _sum_month(month)
    return done


def _run(name: str, binds: dict) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", name), binds)
        return cursor.rowcount


def _split(day: date, version: int) -> bool:
    binds = {"day": day, "version": version}
    with transaction.atomic(), words_of(day), connection.cursor() as cursor:
        if _run("customer_mark_day", binds) == 0:  # another worker was first
            return False
        _run("customer_clear_day", binds)
        if _run("customer_day_known", binds) == 0:
            return True
        cursor.execute("set local work_mem = '128MB'")
        cursor.execute("set local jit = off")
        for name in ("day_alias", "customer_calls"):
            _run(name, binds)
        _price(day)
        _run("customer_agrees", binds)
        cursor.execute("analyze w_call, w_agrees")
        for name in ("customer_split", "customer_day_sums", "customer_use"):
            _run(name, binds)
        cursor.execute(f"drop table {', '.join(DAY_TABLES)}")
    return True


def _price(day: date) -> None:
    """The day's w_price: what a token of each class weighs, as where charges are split by them."""
    with connection.cursor() as cursor:
        cursor.execute("create temp table w_price (model text, token_class text,"
                       " weight_per_token bigint) on commit drop")  # fmt: skip
        cursor.execute(sql("attribution.sql", "customer_models"), {"day": day})
        models = cursor.fetchall()
        if models:
            book = price_book_on(day)
            rows = [row for told in models for row in weights_of(book, day, *told)]
            cursor.executemany("insert into w_price values (%s, %s, %s)", rows)


def _sum_month(month: date) -> None:
    binds = {"month": month}
    with transaction.atomic():
        if _run("customer_mark_month", binds):
            for name in MONTH_STEPS:
                _run(name, binds)
