"""Metric points to counts. Pure; what a cumulative point adds is decided later, against what its
series stood at (ingest/otlp/metric_rows.py)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
import hashlib
import json
import math

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from ingest.otlp.names import Names, rows
from ingest.otlp.rows import latency_bucket
from ingest.otlp.spans import COUNT_MAX, Refused, Told, moment, note, resource_of, texts_of

CUMULATIVE = 2
NO_VALUE = 1  # the flag of a point that only says its series ended
_TOKEN_TYPES = {"input": "input_tokens", "output": "output_tokens"}
_FORMS = {"sum": ("histogram", "exponential_histogram", "sum"), "counter": ("sum",)}
_HISTOGRAMS = ("histogram", "exponential_histogram")
_SECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True)
class Metric:
    name: str
    takes: str
    field: str
    told_by: str


@dataclass
class Points:
    points: int = 0
    told: list[dict] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    days: set[int] = field(default_factory=set)


@cache
def known_metrics() -> dict[str, Metric]:
    return {
        row["metric"]: Metric(row["metric"], row["takes"], row["field"], row["told_by"])
        for row in rows("metrics")
    }


def metric_named(name: str) -> Metric | None:
    """By its name, with or without Prometheus' `_total`, and with its colon turned into `_`."""
    plain = name.removesuffix("_total")
    known = known_metrics()
    return known.get(name) or known.get(plain) or known.get(plain.replace("_", ":", 1))


def read_points(request: ExportMetricsServiceRequest, names: Names, now_ns: int) -> Points:
    """All points of a request whose metric is known; the others say nothing of cost."""
    made = Points()
    for resource_metrics in request.resource_metrics:
        base, service = resource_of(resource_metrics.resource, names)
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                for point, cumulative in _points(metric):
                    made.points += 1
                    known = metric_named(metric.name)
                    if known is None:
                        continue
                    try:
                        told = _told(known, metric, point, cumulative, names, base, now_ns)
                    except Refused as refusal:
                        made.rejected.append((made.points, str(refusal), known.name))
                        continue
                    if told:
                        made.told.append({**told, "service": service})
                        made.days.add(told["at"] // 86_400_000_000_000)
    return made


def _points(metric) -> Iterator[tuple[object, bool]]:
    form = metric.WhichOneof("data")
    if form is None:
        return
    data = getattr(metric, form)
    cumulative = getattr(data, "aggregation_temporality", 0) == CUMULATIVE
    for point in data.data_points:
        yield point, cumulative


def _told(
    known: Metric, metric, point, cumulative: bool, names: Names, base: Told, now_ns: int
) -> dict | None:
    if point.flags & NO_VALUE:
        return None
    form = metric.WhichOneof("data")
    if form not in _FORMS.get(known.takes, _HISTOGRAMS):
        raise Refused(f"{known.name} is a {form}: a counter or a histogram is needed")
    if form == "sum" and not metric.sum.is_monotonic:
        raise Refused(f"{known.name} may go down: a counter is needed")
    best = dict(base)
    note(point.attributes, names, best, {})
    plain = {a.key: a.value.string_value.replace("\x00", "") for a in point.attributes}
    texts = texts_of(best)
    model = texts.pop("response_model", "") or plain.get("model_name") or plain.get("model") or ""
    texts.setdefault("model", model[:300])
    if known.told_by != "OpenTelemetry":
        texts.setdefault("provider", known.told_by.lower())
    texts.setdefault("activity", "inference")
    values = _values(known, form, metric.unit, point, plain)
    if not values:
        return None
    at = moment(point.time_unix_nano, now_ns, "ends")
    if point.start_time_unix_nano > at:
        raise Refused(f"{known.name} starts after it ends")
    group = sorted(texts.items())
    attributes = sorted((a.key, str(a.value)) for a in point.attributes)
    return {
        "series": _digest([metric.name, group, attributes]),
        "group": _digest(group),
        "cumulative": cumulative,
        "start": point.start_time_unix_nano,
        "at": at,
        "values": values,
        "texts": texts,
    }


def _values(known: Metric, form: str, unit: str, point, plain: dict[str, str]) -> dict:
    """Field -> whole number, `latency` -> {bucket: number}."""
    if known.takes == "histogram":
        made: dict = {}
        if max(point.count, *getattr(point, "bucket_counts", ()), 0) > COUNT_MAX:
            raise Refused(f"{known.name} is absurdly large")
        if known.field == "requests":
            made["requests"] = point.count
            made["successes"] = 0 if plain.get("error.type") else point.count
        if form == "histogram" and point.explicit_bounds:
            made["latency"] = _latency(point, _SECONDS.get(unit, _SECONDS["s"]))
        return made
    name = known.field
    if name.startswith("by "):
        name = _TOKEN_TYPES.get(plain.get(name.removeprefix("by "), ""), "")
    if not name:
        return {}
    return {name: _number(known, form, point)}


def _number(known: Metric, form: str, point) -> int:
    if form == "sum":
        which = point.WhichOneof("value")
        value = getattr(point, which) if which else 0
    else:
        value = point.sum
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused(f"{known.name} is no finite number")
    if not 0 <= value <= COUNT_MAX * 1_000:
        raise Refused(f"{known.name} is negative or absurdly large")
    return round(value)


def _latency(point, nanoseconds: int) -> dict[str, int]:
    """A histogram of their buckets in ours: each at the middle of its bounds, on a log scale."""
    bounds = list(point.explicit_bounds)
    if len(point.bucket_counts) != len(bounds) + 1 or not all(map(math.isfinite, bounds)):
        return {}
    edges = [bounds[0] / 2, *bounds, bounds[-1] * 2]
    made: dict[str, int] = {}
    for low, high, count in zip(edges, edges[1:], point.bucket_counts, strict=False):
        middle = math.sqrt(max(low, 0.0) * max(high, 0.0))
        bucket = latency_bucket(int(middle * nanoseconds)) if math.isfinite(middle) else None
        if count and bucket is not None:
            made[str(bucket)] = made.get(str(bucket), 0) + count
    return made


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
