"""GPU time held by jobs, as hourly intervals per node: for sources that know no devices.

The key of such an interval is `job:` and a hash of its node instead of a GPU's id; its share is
the number of GPUs held on the node, its observed time how long they were held within the hour. A
row without a workload says how long all reservations of the node are known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
import hashlib

from ingest.records import IntervalRecord

HOUR = timedelta(hours=1)
LONGEST = timedelta(days=366)
_MS = timedelta(milliseconds=1)
_SHARE = Decimal("0.000001")


@dataclass(frozen=True)
class Held:
    """GPUs of one node held by one workload from `start` to `end` (UTC). `busy` is the share of
    the time in which they worked, None when nobody knows; `workload_key` '' is coverage."""

    cluster: str
    node: str
    start: datetime
    end: datetime
    gpus: Decimal
    workload_key: str = ""
    namespace: str = ""
    pod: str = ""
    busy: Decimal | None = None


def device_of(cluster: str, node: str) -> str:
    """Stands in for the GPUs of a node of which only reservations are known."""
    return "job:" + hashlib.sha256(f"{cluster}\0{node}".encode()).hexdigest()[:24]


def hourly(held: Iterable[Held]) -> Iterator[IntervalRecord]:
    """One interval per node, workload and hour. A requeued job that held a node twice within an
    hour has one interval with both times."""
    buckets: dict[tuple, list[tuple[int, Held]]] = {}
    for one in held:
        for hour, milliseconds in _hours(one.start, one.end):
            key = (one.cluster, one.node, one.workload_key, hour)
            buckets.setdefault(key, []).append((milliseconds, one))
    for (cluster, node, workload_key, hour), parts in sorted(buckets.items()):
        yield _interval(cluster, node, workload_key, hour, parts)


def gpu_milliseconds(held: Iterable[Held]) -> int:
    return sum(int(one.gpus * ((one.end - one.start) // _MS)) for one in held)


def _interval(cluster, node, workload_key, hour, parts) -> IntervalRecord:
    last = parts[-1][1]
    length = HOUR // _MS
    observed = min(sum(milliseconds for milliseconds, _ in parts), length)
    weighed = sum(milliseconds * one.gpus for milliseconds, one in parts)
    told = [(milliseconds, one.busy) for milliseconds, one in parts if one.busy is not None]
    busy = int(sum(m * share for m, share in told)) if len(told) == len(parts) else None
    return IntervalRecord(
        t_start=hour,
        t_end=hour + HOUR,
        device_uuid=device_of(cluster, node),
        observed_ms=observed,
        alloc_gpu_fraction=(Decimal(weighed) / max(observed, 1)).quantize(_SHARE),
        alloc_basis="job",
        cluster=cluster,
        node=node,
        workload_key=workload_key,
        namespace=last.namespace,
        pod=last.pod,
        util_scope="job",
        busy_ms=None if busy is None else min(busy, observed),
    )


def _hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """(hour, milliseconds of it) over [start, end), at most a year of it."""
    start, end = start.astimezone(UTC), min(end.astimezone(UTC), start.astimezone(UTC) + LONGEST)
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        milliseconds = (min(end, hour + HOUR) - max(start, hour)) // _MS
        if milliseconds > 0:
            yield hour, milliseconds
        hour += HOUR
