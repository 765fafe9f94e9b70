"""Publish the rows of one telemetry, usage, business or map file: set-based, row by row tolerant.

rows read = rows loaded + rows quarantined, always; a row that repeats another counts as loaded.
The same file twice, or its rows in another order, changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from aicost.kernel.sqlfiles import sql
from ingest.models import Delivery, Source, SourceFile
from ingest.price_overlaps import PriceRefused, lock_prices, refuse_overlaps
from ingest.readers import reader_named
from ingest.row_stage import QUERIES, StagedRows, staged_rows
from ingest.sources.base import RowReader, Unreadable
from ingest.usage_role import take_role

IDLE_RUN_MS = 300_000  # definition idle-1: zero activity in runs of at least 5 minutes
FOUND = ("resource_map", "workload_map")  # maps that sources also fill by themselves
HELD_MIB = 1_024  # idle with at least this much memory in use is held, else empty


@dataclass(frozen=True)
class RowCounts:
    """`changed_days` are the UTC days on which anything is different now."""

    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    first_day: date | None
    last_day: date | None
    changed_days: tuple[date, ...]


def lock_source(source: Source) -> None:
    """Until commit the only one who publishes rows of this source: what they replace is read
    first, and two at once would not see each other's."""
    Source.objects.select_for_update(no_key=True).get(pk=source.pk)


def load_rows(
    source: Source, reader: RowReader, source_file: SourceFile, path: Path, delivery: Delivery
) -> RowCounts:
    """Read and publish one kept file. Deliveries of rows hold one file each.

    `delivery` is saved already; its counts and state are the caller's. Raises `Unreadable` when
    the file as a whole is refused. A long file is better read first, before the transaction: then
    use `staged_rows` and `publish_rows` (docs/formats.md).
    """
    with staged_rows(reader, path, source_file.name) as staged, transaction.atomic():
        lock_source(source)
        return publish_rows(source, staged, source_file, delivery)


def replay(delivery: Delivery) -> RowCounts:
    """Read the kept file of a delivery again and take in what can be read by now; what a later
    delivery brought stays. Quarantined rows that are good now are marked replayed."""
    if delivery.state != Delivery.PUBLISHED:
        raise Unreadable(f"the delivery is {delivery.state}", delivery.name, "Replay a later one")
    reader = reader_named(delivery.source, delivery.reader)
    file = delivery.files.get()
    path = Path(settings.AICOST_HOME) / "files" / file.kept_as
    with staged_rows(reader, path, file.name) as staged, transaction.atomic():
        lock_source(delivery.source)
        counts = publish_rows(delivery.source, staged, file, delivery)
        delivery.rows_read, delivery.rows_loaded = counts.rows_read, counts.rows_loaded
        delivery.rows_quarantined = counts.rows_quarantined
        delivery.first_day, delivery.last_day = counts.first_day, counts.last_day
        delivery.save()
    return counts


def publish_rows(
    source: Source,
    staged: StagedRows,
    source_file: SourceFile,
    delivery: Delivery,
    *,
    replace: bool = False,
) -> RowCounts:
    """Bring staged rows into force inside the caller's transaction and say which days changed.
    What is to be said of them stands in the delivery's message. `replace` changes what is frozen
    otherwise."""
    all_changed: set[date] = set()
    notes: list[str] = []
    for kind in staged.kinds:
        if kind.name == "usage":
            take_role(source, staged.usage_role, source_file.name)
        what, publish = _PUBLISH[kind.name]
        changed = publish(
            {
                "source_id": source.pk,
                "delivery_id": delivery.pk,
                "name": source_file.name,
                "first_day": min(staged.days_of[kind.name], default=None),
                "last_day": max(staged.days_of[kind.name], default=None),
                "replace": replace,
                "notes": notes,
            }
        )
        if what and changed:
            _run("changed_days", source_id=source.pk, what=what, days=sorted(changed))
        all_changed |= changed
    delivery.message = "; ".join(notes)
    _run("replayed_quarantined", delivery_id=delivery.pk)
    _run("publish_quarantined", delivery_id=delivery.pk, file_id=source_file.pk)
    return RowCounts(
        rows_read=staged.loaded + staged.quarantined,
        rows_loaded=staged.loaded,
        rows_quarantined=staged.quarantined,
        first_day=min(staged.days, default=None),
        last_day=max(staged.days, default=None),
        changed_days=tuple(sorted(all_changed)),
    )


def _publish_intervals(names: dict) -> set[date]:
    _run("single_intervals")
    changed: set[date] = set()
    if _rows("mixed_lengths", **names)[0][0]:
        changed |= _days("overlapping_intervals", names)
    _run("known_intervals", **names)
    changed |= _days("days_of_interval", {})
    _run("stage_idle", **names, run_ms=IDLE_RUN_MS, held_mib=HELD_MIB)
    _run("index_idle")
    _run("analyze_idle")
    _run("publish_intervals", **names)
    return changed | _days("kept_idle", names)


def _publish_pods(names: dict) -> set[date]:
    """The whole hour of a node is replaced: a pod it does not tell any more was not there."""
    _run("single_pods")
    _run("known_pods", **names)
    changed = _days("changed_pods", names)
    _run("replaced_pods", **names)
    _run("publish_pods", **names)
    return changed


def _publish_usage(names: dict) -> set[date]:
    _run("single_usage")
    _run("known_usage", **names)
    replaced = _earlier_deliveries(names)
    changed = _days("replaced_usage", {**names, "replaced": replaced})
    changed |= _days("days_of_usage", {})
    _run("publish_usage", **names)
    _run("superseded_usage", **names, replaced=replaced)
    for day in sorted(changed):
        _run("clear_usage_day", source_id=names["source_id"], day=day)
        _run("rebuild_usage_day", source_id=names["source_id"], day=day)
    return changed


def _publish_business(table: str):
    def publish(names: dict) -> set[date]:
        replaced = _earlier_deliveries(names)
        _run(f"replaced_{table}", **names, replaced=replaced)
        _run(f"publish_{table}", **names)
        earlier = Delivery.objects.filter(pk__in=replaced).exclude(pk=names["delivery_id"])
        earlier.update(state=Delivery.SUPERSEDED)
        return set()

    return publish


def _publish_storage(names: dict) -> set[date]:
    """Days of the snapshots that came, or went."""
    before = _days("replaced_storage_days", {**names, "replaced": _earlier_deliveries(names)})
    _publish_business("storage")(names)
    return before | _days("days_of_storage", {})


def _publish_runs(names: dict) -> set[date]:
    """Days on which what a run says of its GPU time is different now."""
    return _days("publish_run", names)


def _publish_customers(names: dict) -> set[date]:
    _run("publish_customer")
    return set()


def _publish_map(table: str):
    def publish(names: dict) -> set[date]:
        queries = [f"publish_{table}"]
        if table in FOUND:
            queries += [f"end_found_{table}", f"publish_found_{table}"]
        ranges = {span for query in queries for span in _rows(query, **names)}
        return set().union(*(days_under_map(*span) for span in ranges))

    return publish


def _publish_prices(names: dict) -> set[date]:
    """Nothing is priced anew by itself: see docs/prices.md. An overlap refuses the file."""
    lock_prices()
    _run("publish_price")
    try:
        refuse_overlaps()
    except PriceRefused as refusal:
        raise Unreadable(str(refusal), "file", refusal.cure) from refusal
    return set()


def _publish_rates(names: dict) -> set[date]:
    """Rates change no ledger; reports convert with them."""
    frozen = _rows("publish_fx_rate", replace=names["replace"])
    if frozen:
        month, _, currency = frozen[0]
        names["notes"].append(
            f"{len(frozen)} monthly rates differ from those that stand and are frozen (first"
            f" {currency} of {month:%Y-%m}); --replace takes the new ones"
        )
    return set()


# Of each kind of rows: what attribution is told (business rows change no ledger), and how.
_PUBLISH = {
    "interval": ("telemetry", _publish_intervals),
    "pod": ("pods", _publish_pods),
    "usage": ("usage", _publish_usage),
    "revenue": ("", _publish_business("revenue")),
    "outcome": ("", _publish_business("outcome")),
    "quality": ("", _publish_business("quality")),
    "storage": ("storage", _publish_storage),
    "run": ("run", _publish_runs),
    "customer": ("", _publish_customers),
    "resource_map": ("map", _publish_map("resource_map")),
    "workload_map": ("map", _publish_map("workload_map")),
    "storage_map": ("map", _publish_map("storage_map")),
    "alias": ("map", _publish_map("alias")),
    "price": ("", _publish_prices),
    "fx_rate": ("", _publish_rates),
}


def days_under_map(valid_from: date | None, valid_to: date | None) -> set[date]:
    """Days with charges in a half-open range of validity; None is open."""
    return _days("changed_by_map", {"valid_from": valid_from, "valid_to": valid_to})


def _earlier_deliveries(names: dict) -> list[int]:
    return [pk for (pk,) in _rows("earlier_deliveries", **names)]


def _days(query: str, names: dict) -> set[date]:
    return {day for (day,) in _rows(query, **names)}


def _rows(query: str, **names) -> Iterable[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql(QUERIES, query), names or None)
        return cursor.fetchall()


def _run(query: str, **names) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql(QUERIES, query), names or None)
