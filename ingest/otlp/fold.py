"""Fold what was received into the ledger: many requests in one transaction, one source at a time.

Only calls that repeat no other count; which those are is decided anew for each trace that is
touched, in whatever order its spans arrive (stage_repeat.sql).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
import hashlib
import logging
import time

from django.db import DataError, connection, transaction
from django.utils import timezone
import psycopg

from aicost.kernel.periods import utc_today
from aicost.kernel.sqlfiles import sql
from ingest.load_rows import lock_source
from ingest.models import (
    Delivery,
    OtlpBatch,
    Quarantined,
    Source,
    SourceFile,
    TracedService,
    UsageToSettle,
)
from ingest.otlp.metric_rows import fold_points, metric_of
from ingest.otlp.rows import CALL_COLUMNS
from ingest.otlp.runs import fold_runs
from ingest.partitions import ensure_partitions

QUERIES = "ingest.otlp.queries"
READER = "otlp"
ROWS_A_FOLD = 60_000
BATCHES_A_FOLD = 2_000
SPAN_DAYS_KEPT = 3
LEVELS_MAX = 64  # how far below a call the calls are looked for that it repeats
SETTLE_SECONDS = 60
QUARANTINED_A_DAY_MAX = 1_000
COUNTS_DAYS_KEPT = 7

log = logging.getLogger(__name__)
_UNHOLDABLE = (DataError, psycopg.DataError)  # COPY raises its own


@dataclass
class Taken:
    """What the batches of one fold hold together."""

    ids: list[int] = field(default_factory=list)
    calls: list[bytes] = field(default_factory=list)
    links: list[bytes] = field(default_factory=list)
    runs: list[dict] = field(default_factory=list)
    points: list[dict] = field(default_factory=list)
    rejected: list[list] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None


def fold_waiting(seconds_max: float = 50.0) -> bool:
    """Fold all that waits, settle the days it changed; False when time ran out before."""
    deadline = time.monotonic() + seconds_max
    while sources := _waiting_sources():
        for source in sources:
            while _fold_or_set_aside(source):
                if time.monotonic() > deadline:
                    return False
    return True


def _fold_or_set_aside(source: Source) -> int:
    """As `fold`. A request with a value that the ledger cannot hold must not stop those behind it:
    then they are taken one by one, and that one goes to quarantine."""
    try:
        return fold(source)
    except _UNHOLDABLE:
        log.warning("a request of source %s cannot be folded; they are taken singly", source.name)
    for _ in range(OtlpBatch.objects.filter(source=source)[:BATCHES_A_FOLD].count()):
        try:
            fold(source, rows_max=1)
        except _UNHOLDABLE as error:
            _set_aside(source, str(error).split("\n")[0][:200])
    return 1


def _set_aside(source: Source, reason: str) -> None:
    """The oldest request leaves the queue; what it was stands in quarantine."""
    with transaction.atomic():
        lock_source(source)
        batch = OtlpBatch.objects.filter(source=source).order_by("pk").first()
        if batch is None:
            return
        delivery = _delivery(source, utc_today())
        told = f"request {batch.pk} of {batch.received_at:%Y-%m-%d %H:%M:%S} UTC"
        delivery.rows_read += batch.rows
        delivery.rows_quarantined += batch.rows
        delivery.save()
        _quarantine(source, delivery, [[0, f"the ledger cannot hold it: {reason}", told]])
        batch.delete()


def _waiting_sources() -> list[Source]:
    ids = OtlpBatch.objects.values_list("source_id", flat=True).distinct()
    return list(Source.objects.filter(pk__in=list(ids)).order_by("pk"))


def fold(source: Source, rows_max: int = ROWS_A_FOLD) -> int:
    """Fold the oldest requests of a source; returns how many. Nothing is lost or doubled if it
    fails: the requests are deleted by the transaction that publishes them."""
    first, last, waiting = _rows("batch_days", source_id=source.pk)[0]
    if not waiting:
        return 0
    if first:
        ensure_partitions("ingest_usage", _month_days(first, last))
    today = utc_today()
    with connection.cursor() as cursor:
        cursor.execute("select aicost_span_day(%s, %s)", [today, SPAN_DAYS_KEPT])
    with transaction.atomic():
        lock_source(source)
        taken = _take(source, rows_max, first, last)
        if taken.ids:
            _publish(source, taken, today)
    return len(taken.ids)


def _month_days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _take(source: Source, rows_max: int, first: date | None, last: date | None) -> Taken:
    """The oldest batches, deleted. One that reaches beyond the days whose partitions are there
    came in between and waits for the next fold."""
    taken = Taken()
    connection.ensure_connection()
    values = {"source_id": source.pk, "rows_max": rows_max, "batches_max": BATCHES_A_FOLD}
    values |= {"first": first, "last": last}
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql(QUERIES, "take_batches"), values, binary=True)
        for pk, calls, links, counts, runs, points, rejected, low, high in sorted(cursor):
            taken.ids.append(pk)
            taken.calls += [calls] if calls else []
            taken.links += [links] if links else []
            taken.runs += runs
            taken.points += [{**point, "batch": pk} for point in points]
            taken.rejected += rejected
            for name, count in counts.items():
                taken.counts[name] = taken.counts.get(name, 0) + count
            taken.first_day = min(filter(None, (taken.first_day, low)), default=None)
            taken.last_day = max(filter(None, (taken.last_day, high)), default=None)
    return taken


def _publish(source: Source, taken: Taken, today: date) -> None:
    delivery = _delivery(source, today)
    names = {"source_id": source.pk, "delivery_id": delivery.pk, "today": today}
    changed: set[date] = set()
    rebuild: set[date] = set()
    retried = taken.counts.get("calls", 0)
    if taken.calls or taken.links:
        _stage(taken)
        _run("stage_node", **names)
        _run("analyze_node")
        _run("remember_spans", **names)
        _run("stage_repeat", levels_max=LEVELS_MAX)
        rebuild |= {day for (day,) in _rows("retire_calls", **names)}
        taken.counts["repeating"] = _run("set_aside", **names)
        traced = _rows("traced_services", **names)
        _run("reinstate_calls", **names)
        added = dict(_rows("publish_calls", **names))
        changed |= set(added)
        retried -= sum(added.values())
        rebuild |= _drop_repeated_metrics(source, traced)
    if taken.points:
        changed |= fold_points(source, delivery, taken.points)
    if taken.runs:
        fold_runs(source, delivery, taken.runs)
    _mark(source, changed, rebuild=False)
    _mark(source, rebuild, rebuild=True)
    _account(source, delivery, taken, today, changed | rebuild)


def _stage(taken: Taken) -> None:
    """The texts as they were received go straight into COPY."""
    _run("drop_stages")
    for table, texts in (("stage_call", taken.calls), ("stage_link", taken.links)):
        with connection.cursor() as cursor:
            cursor.execute(sql(QUERIES, table))
            columns = f"({_quoted(CALL_COLUMNS)})" if table == "stage_call" else ""
            with cursor.copy(f"copy {table} {columns} from stdin") as copy:
                for text in texts:
                    copy.write(text)
                    copy.write(b"\n")
            cursor.execute(f"analyze {table} (trace_id, span_id)")


def _quoted(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _drop_repeated_metrics(source: Source, traced: list[tuple[str, date]]) -> set[date]:
    """Spans of a service arrived on a day whose metrics were counted: now they would repeat."""
    changed = set()
    for service, day in traced:
        names = {"source_id": source.pk, "day": day, "metric_of": metric_of(service)}
        with connection.cursor() as cursor:
            cursor.execute(sql(QUERIES, "drop_repeated_metrics"), names)
            if cursor.rowcount:
                changed.add(day)
    return changed


def _delivery(source: Source, today: date) -> Delivery:
    """One a day of arrival; its counts grow."""
    name = f"OTLP {today:%Y-%m-%d}"
    delivery, _ = Delivery.objects.get_or_create(
        source=source, reader=READER, name=name, state=Delivery.PUBLISHED,
        defaults={"set_sha256": hashlib.sha256(name.encode()).hexdigest()},
    )  # fmt: skip
    return delivery


def _account(
    source: Source, delivery: Delivery, taken: Taken, today: date, days: set[date]
) -> None:
    counts = taken.counts
    loaded = counts.get("calls", 0) + counts.get("told", 0)
    delivery.rows_loaded += loaded
    delivery.rows_quarantined += len(taken.rejected)
    delivery.rows_read += loaded + len(taken.rejected)
    delivery.first_day = min([*days, *filter(None, [delivery.first_day])], default=None)
    delivery.last_day = max([*days, *filter(None, [delivery.last_day])], default=None)
    delivery.loaded_at = timezone.now()
    source.refresh_from_db(fields=["state"])
    by_day = source.state.get("otlp", {})
    held = by_day.setdefault(today.isoformat(), {})
    for name, count in counts.items():
        held[name] = held.get(name, 0) + count
    source.state["otlp"] = dict(sorted(by_day.items())[-COUNTS_DAYS_KEPT:])
    source.save(update_fields=["state"])
    delivery.message = _told(held)
    delivery.save()
    if taken.rejected:
        _quarantine(source, delivery, taken.rejected)


def _told(counts: dict[str, int]) -> str:
    """What came and is no call, for Data health."""
    said = []
    if others := counts.get("others"):
        said.append(f"{others} other spans are no model calls")
    if others := counts.get("others_with_tokens"):
        said.append(f"{others} of them repeat tokens of the calls below them")
    if repeating := counts.get("repeating"):
        said.append(f"{repeating} calls only repeat calls below them")
    return "; ".join(said)


def _quarantine(source: Source, delivery: Delivery, rejected: list[list]) -> None:
    room = QUARANTINED_A_DAY_MAX - Quarantined.objects.filter(delivery=delivery).count()
    file, _ = SourceFile.objects.get_or_create(
        source=source, sha256=delivery.set_sha256, name=delivery.name,
        defaults={"size_bytes": 0, "kept_as": ""},
    )  # fmt: skip
    Quarantined.objects.bulk_create(
        Quarantined(delivery=delivery, file=file, line=line, reason=reason, raw=raw)
        for line, reason, raw in rejected[: max(0, room)]
    )


def _mark(source: Source, days: set[date], *, rebuild: bool) -> None:
    if days:
        _run("mark_to_settle", source_id=source.pk, days=sorted(days), rebuild=rebuild)


def settle(source: Source, seconds: float = SETTLE_SECONDS) -> list[date]:
    """Merge the rollup of days that calls were added to, and tell attribution: each day at most
    every so many seconds (0: now), or a busy day would be done over and over."""
    before = timezone.now() - timedelta(seconds=seconds)
    settled = []
    with transaction.atomic():
        lock_source(source)
        for waits in UsageToSettle.objects.filter(source=source, waits=True):
            if not (seconds and waits.settled_at and waits.settled_at > before):
                _settle_day(source, waits)
                settled.append(waits.day)
        if settled:
            _run("changed_days", "ingest.row_queries", source_id=source.pk, what="usage",
                 days=settled)  # fmt: skip
    return settled


def _settle_day(source: Source, waits: UsageToSettle) -> None:
    names = {"source_id": source.pk, "day": waits.day}
    began = time.monotonic()
    if waits.rebuild:
        _run("clear_usage_day", "ingest.row_queries", **names)
        _run("rebuild_usage_day", "ingest.row_queries", **names)
    else:
        _run("merge_usage_day", **names)
    waits.waits = waits.rebuild = False
    # A day that takes long comes less often: at most a twentieth of the time goes into settling.
    waits.settled_at = timezone.now() + timedelta(seconds=20 * (time.monotonic() - began))
    waits.save()


def forget_old() -> None:
    """What is no longer needed to know a call that comes again."""
    cut = timezone.now() - timedelta(days=SPAN_DAYS_KEPT)
    _run("forget_repeated", before=cut)
    UsageToSettle.objects.filter(waits=False, settled_at__lt=cut).delete()
    TracedService.objects.filter(day__lt=cut.date() - timedelta(days=400)).delete()


def _run(query: str, package: str = QUERIES, **names) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(package, query), names or None)
        return cursor.rowcount


def _rows(query: str, **names) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql(QUERIES, query), names or None)
        return cursor.fetchall()
