"""Take a decoded request: one row, committed, is what the answer 200 stands for."""

from datetime import date, timedelta
import json
import threading
import time

from django.db import connection
import psycopg

from aicost.jobs.queue import enqueue
from ingest.models import OtlpBatch, Source
from ingest.otlp.metrics import Points
from ingest.otlp.names import Names, names_of
from ingest.otlp.spans import Spans

USAGE, CALLS = "usage", "calls"
FOLD = "ingest.otlp"
# Rows that may wait for the worker; beyond them the sender is asked to come again later.
WAITING_ROWS_MAX = 5_000_000
_REMEMBER_SECONDS = 10.0
WAKE_SECONDS = 2.0
_EPOCH_DAY = date(1970, 1, 1)
_INSERT = """
insert into ingest_otlpbatch
    (source_id, received_at, rows, first_day, last_day, calls, links, counts, runs, points,
     rejected)
values (%s, now(), %s, %s, %s, %b, %b, %s, %s, %s, %s)
"""


class Remembered:
    """Answers of the database that may be some seconds old, in this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: dict[object, tuple[float, object]] = {}

    def get(self, key: object, seconds: float, ask):
        now = time.monotonic()
        with self.lock:
            held = self.held.get(key)
        if held is not None and now - held[0] < seconds:
            return held[1]
        answer = ask()
        with self.lock:
            self.held[key] = (now, answer)
        return answer

    def forget(self) -> None:
        with self.lock:
            self.held.clear()


REMEMBERED = Remembered()


class Full(RuntimeError):
    """More waits for the worker than is good; the sender should come again later."""


def source_named(name: str) -> tuple[int, Names]:
    """The source that a token of this name writes into, made when it first does; and the attribute
    names of that source."""
    return REMEMBERED.get(("source", name), _REMEMBER_SECONDS, lambda: _source(name))


def _source(name: str) -> tuple[int, Names]:
    source, _ = Source.objects.get_or_create(
        name=name, defaults={"kind": USAGE, "usage_role": CALLS}
    )
    if source.kind != USAGE or source.connector:
        source, _ = Source.objects.get_or_create(
            name=f"{name} (OTLP)", defaults={"kind": USAGE, "usage_role": CALLS}
        )
    return source.pk, names_of(source.settings.get("otlp_attributes", {}))


def check_room() -> None:
    """Raises `Full` while too much waits."""
    waiting = REMEMBERED.get("waiting", 1.0, _waiting_rows)
    if waiting > WAITING_ROWS_MAX:
        raise Full(f"{waiting} rows wait for the worker")


def _waiting_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(sum(rows), 0) from ingest_otlpbatch")
        return cursor.fetchone()[0]


def take_spans(source_id: int, spans: Spans) -> None:
    counts = {
        "spans": spans.spans,
        "calls": len(spans.calls),
        "others": len(spans.links),
        "others_with_tokens": spans.others_with_tokens,
    }
    days = [_EPOCH_DAY + timedelta(days=day) for day in spans.days]
    _insert(
        source_id, spans.spans, days, "\n".join(spans.calls), "\n".join(spans.links),
        counts, spans.runs, [], spans.rejected,
    )  # fmt: skip


def take_points(source_id: int, points: Points) -> None:
    counts = {"points": points.points, "told": len(points.told)}
    days = [_EPOCH_DAY + timedelta(days=day) for day in points.days]
    _insert(source_id, points.points, days, "", "", counts, [], points.told, points.rejected)


def _insert(source_id, rows, days, calls, links, counts, runs, points, rejected) -> None:
    """One statement, in binary: half a megabyte as a text literal takes longer than decoding it."""
    values = [
        source_id, rows, min(days, default=None), max(days, default=None),
        calls.encode(), links.encode(),
        *(json.dumps(one) for one in (counts, runs, points, rejected)),
    ]  # fmt: skip
    if not any((calls, links, runs, points, rejected)):
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, values)
    REMEMBERED.get("woken", WAKE_SECONDS, _wake)


def _wake() -> None:
    """Ring for a worker, now and then: one job folds all that waits."""
    enqueue(FOLD, key="fold")


def waiting() -> int:
    """Requests that wait for the worker."""
    return OtlpBatch.objects.count()
