"""Days of a preview side by side, each share of them on a connection of its own.

A further connection does not see the temporary tables of the first: it gets a copy of what the
engine reads, and gives back what it allocated. Nothing real is written there either.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from django.db import OperationalError, connection, transaction

from aicost.kernel.sqlfiles import sql
from attribution.ruling.effect import PACKAGE

Found = TypeVar("Found")
LOCK_TIMEOUT = "2s"
_READ = ("allocationrule", "seriesclaim", "charge")


def one_snapshot() -> str:
    """Let a transaction that has just begun see one state to its end, and give its name: others
    who begin by it see the same."""
    with connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("select pg_export_snapshot()")
        return cursor.fetchone()[0]


def meanwhile(
    snapshot: str | None, other: Callable[[], Found], mine: Callable[[], object]
) -> Found:
    """What `other` finds while `mine` is done on this connection: on one of its own that sees this
    snapshot. Where it gets no connection or waits for a lock behind somebody who waits for this
    one, it is done here afterwards. Without a snapshot it is done here before, so that what is
    written in between is seen by `mine`."""
    if snapshot is None:
        found_here = other()
        mine()
        return found_here
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(copy_context().run, _alone, snapshot, other)
        mine()
        try:
            return found.result()
        except OperationalError:
            return other()


def _alone(snapshot: str, work: Callable[[], Found]) -> Found:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read")
            cursor.execute("set transaction snapshot %s", [snapshot])
            cursor.execute("set local lock_timeout = %s", [LOCK_TIMEOUT])
            return work()
    finally:
        connection.close()


def spread(days: Sequence[tuple], threads: int, work: Callable[[Sequence[tuple]], None]) -> None:
    """Do the work on all days, a share of them on this connection; what the others allocated then
    is in its p_found."""
    told = [_out(f"apart_{name}_out") for name in _READ]
    with ThreadPoolExecutor(threads - 1) as pool:
        shares = [days[nth::threads] for nth in range(threads)]
        # A thread understands series by the words of whoever asks.
        others = [pool.submit(copy_context().run, _apart, told, share, work)
                  for share in shares[1:]]  # fmt: skip
        work(shares[0])
        found = [other.result() for other in others]
    for allocated in found:
        _in("apart_found_in", allocated)


def _apart(told: Sequence[bytes], days: Sequence[tuple], work: Callable) -> bytes:
    try:
        with transaction.atomic():
            for name, rows in zip(_READ, told, strict=True):
                _run(f"apart_{name}")
                _in(f"apart_{name}_in", rows)
            for name in ("preview_targets", "preview_allocated", "preview_analyze"):
                _run(name)
            work(days)
            found = _out("apart_found_out")
            transaction.set_rollback(True)
        return found
    finally:
        connection.close()


def _out(name: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(sql(PACKAGE, name)) as copy:
        return b"".join(copy)


def _in(name: str, rows: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(sql(PACKAGE, name)) as copy:
        copy.write(rows)


def _run(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, name))
