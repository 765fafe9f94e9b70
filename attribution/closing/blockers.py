"""What stands in the way of closing a month: said with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

from aicost.kernel.money import plain
from aicost.kernel.periods import month_of, utc_today
from aicost.kernel.sqlfiles import sql
from attribution.closing.pinned import PACKAGE
from attribution.models import MonthClose

WORKING, DIRTY, FAILED, UNSPREAD = "working", "dirty", "failed", "unspread"
NOT_OVER, NOT_FINAL, NO_BILL, RESIDUAL = "not_over", "not_final", "no_bill", "residual"
EMPTY = "empty"


@dataclass(frozen=True)
class Blocker:
    """`what` is one of the words above."""

    what: str
    message: str
    cure: str


def blockers_of(month: date, close: MonthClose | None = None) -> tuple[Blocker, ...]:
    """Everything that blocks, none: it can be closed. With a `close` being made, days published
    under other rules than it pins count as waiting."""
    period = month_of(month)
    binds = {
        "start": period.start,
        "end": period.end,
        "last": period.end - timedelta(days=1),
        "today": utc_today(),
        "close": close.pk if close else None,
    }
    found = [*_of_time(month, binds), *_of_days(binds), *_of_bills(month, binds)]
    return (*found, *_of_residual(binds))


def _of_time(month: date, binds: dict) -> Iterator[Blocker]:
    if binds["today"] < binds["end"]:
        yield Blocker(NOT_OVER, f"{month:%B %Y} is not over", f"Wait until {binds['end']:%d %B %Y}")


def _of_days(binds: dict) -> Iterator[Blocker]:
    [row] = _rows("blocking_days", binds)
    words = {
        WORKING: ("a worker is at {n} {days} right now", "Try again in a minute"),
        FAILED: (
            "{n} {days} failed and show older figures",
            "Data health says why; correct it, then run manage.py attribute",
        ),
        DIRTY: (
            "{n} {days} wait to be attributed",
            "Run manage.py attribute, or wait for the workers",
        ),
        UNSPREAD: (
            "{n} {days} wait for the spread of charges longer than a day",
            "Run manage.py attribute, or wait for the workers",
        ),
    }
    for what, (message, cure) in words.items():
        if n := row[what]:
            yield Blocker(what, message.format(n=n, days="days" if n > 1 else "day"), cure)


def _of_bills(month: date, binds: dict) -> Iterator[Blocker]:
    bills = _rows("blocking_bills", binds)
    if not bills:
        yield Blocker(
            EMPTY,
            f"no bill has a charge in {month:%B %Y}",
            "Load the bills of the month; nothing would be kept of it as it is",
        )
    for row in bills:
        name = row["source"]
        if not row["stands"]:
            yield Blocker(
                NO_BILL,
                f"{name} has no charges in {month:%B %Y}, and had some the month before",
                "Load its bill; if none is coming, close anyway and say so",
            )
        elif not row["final"]:
            yield Blocker(
                NOT_FINAL,
                f"the bill of {name} is not final before {row['final_on']:%d %B %Y}",
                "Wait, or change in the source after how many days its bill is final",
            )


def _of_residual(binds: dict) -> Iterator[Blocker]:
    for row in _rows("blocking_residual", binds):
        yield Blocker(
            RESIDUAL,
            f"{row['source']} has a residual of {plain(row['billed'])} billed and"
            f" {plain(row['effective'])} effective {row['currency']}",
            "Run manage.py audit: bill and ledger must be the same to the last digit",
        )


def _rows(query: str, binds: dict) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, query), binds)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
