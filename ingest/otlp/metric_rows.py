"""What metric points add, into the ledger: cumulative ones against where their series stood, and
none of a service whose calls come as spans."""

from collections.abc import Iterable
from datetime import date, timedelta
import hashlib
import json

from django.db import connection

from aicost.kernel.sqlfiles import sql
from ingest.models import Delivery, MetricSeries, Source, TracedService
from ingest.otlp.rows import day_of, instant

TRACED_DAYS = 7  # a service that sent calls as spans within them: its metrics say the same
FIRST_POINT_NS_MAX = 3_600 * 10**9  # a series first seen counts whole if it began within an hour


def metric_of(service: str) -> str:
    """How the ids of rows from metrics of this service begin."""
    return "metric:" + hashlib.sha256(service.encode()).hexdigest()[:32]


def fold_points(source: Source, delivery: Delivery, points: list[dict]) -> set[date]:
    """Insert what the points add; returns the days that changed."""
    traced = set(
        TracedService.objects.filter(
            source=source, service__in={point["service"] for point in points}
        ).values_list("service", "day")
    )
    rows = [_row(group) for group in _grouped(_added(source, points))]
    rows = [row for row in rows if not _traced(row, traced)]
    if not rows:
        return set()
    with connection.cursor() as cursor:
        names = {"source_id": source.pk, "delivery_id": delivery.pk, "rows": json.dumps(rows)}
        cursor.execute(sql("ingest.otlp.queries", "publish_metrics"), names)
        return {day for (day,) in cursor.fetchall()}


def _traced(row: dict, traced: set[tuple[str, date]]) -> bool:
    day = date.fromisoformat(row["day"])
    return any((row["service"], day - timedelta(days=n)) in traced for n in range(TRACED_DAYS + 1))


def _added(source: Source, points: list[dict]) -> list[dict]:
    """The points with what each adds; a cumulative one that adds nothing is left out."""
    keys = {point["series"] for point in points if point["cumulative"]}
    series = {s.key: s for s in MetricSeries.objects.filter(source=source, key__in=keys)}
    made, touched = [], set()
    for point in sorted(points, key=lambda point: point["at"]):
        if not point["cumulative"]:
            made.append(point)
            continue
        known = series.get(point["series"])
        if known is not None and point["at"] <= known.at:
            continue  # a retry, or late: what came after it has it
        values = _difference(known, point)
        if known is None:
            known = series[point["series"]] = MetricSeries(source=source, key=point["series"])
        known.started_at, known.at, known.value = point["start"], point["at"], point["values"]
        touched.add(point["series"])
        if values:
            made.append({**point, "values": values})
    MetricSeries.objects.bulk_create(
        [series[key] for key in touched],
        update_conflicts=True,
        unique_fields=["source", "key"],
        update_fields=["started_at", "at", "value"],
    )
    return made


def _difference(known: MetricSeries | None, point: dict) -> dict:
    """What a cumulative point adds to where its series stood. It began anew where its start moved
    or a count went down. Of one first seen, what it had before we knew it is not ours to date."""
    values = point["values"]
    if known is None:
        fresh = point["start"] and point["at"] - point["start"] <= FIRST_POINT_NS_MAX
        return values if fresh else {}
    if known.started_at != point["start"] or _fell(known.value, values):
        return values
    made = {}
    for name, value in values.items():
        held = known.value.get(name, {} if name == "latency" else 0)
        if name == "latency":
            made[name] = {k: n - held.get(k, 0) for k, n in value.items() if n > held.get(k, 0)}
        else:
            made[name] = value - held
    return made if any(made.values()) else {}


def _fell(held: dict, values: dict) -> bool:
    return any(value < held.get(name, 0) for name, value in values.items() if name != "latency")


def _grouped(points: list[dict]) -> Iterable[list[dict]]:
    """Points of one request, moment and description: one row."""
    groups: dict[tuple, list[dict]] = {}
    for point in points:
        key = (point["batch"], point["service"], point["group"], point["at"])
        groups.setdefault(key, []).append(point)
    return groups.values()


def _row(points: list[dict]) -> dict:
    first = points[0]
    row: dict = dict(first["texts"])
    histogram: dict[str, int] = {}
    counts: dict[str, int] = {}
    for point in points:
        for name, value in point["values"].items():
            if name == "latency":
                for bucket, count in value.items():
                    histogram[bucket] = histogram.get(bucket, 0) + count
            else:
                counts[name] = counts.get(name, 0) + value
    whole = counts.pop("all_input_tokens", None)
    if whole is not None:
        counts["input_tokens"] = max(0, whole - counts.get("cached_input_tokens", 0))
    told = json.dumps([first["group"], first["at"], sorted({p["series"] for p in points})])
    event = hashlib.sha256(told.encode()).hexdigest()[:32]
    return {
        **row,
        **counts,
        "latency_histogram": histogram or None,
        "service": first["service"],
        "event_id": f"{metric_of(first['service'])}:{event}",
        "time": instant(first["at"]),
        "day": day_of(first["at"]).isoformat(),
    }
