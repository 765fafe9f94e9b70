"""CPU and memory of pods, hour by hour, as kube-state-metrics and cAdvisor told a Prometheus.
docs/sources/prometheus.md."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from ingest.records import PodRecord, Rejected
from ingest.sources.base import RowReader
from ingest.sources.cells import COUNT_MAX
from ingest.sources.prometheus_answers import Answers, Series, identify

_HOUR_MS, _POINT_MS = 3_600_000, 60_000
_MIB = 1_048_576
_HOUR = timedelta(hours=1)

Pod = tuple[str, str, str]  # cluster, namespace, name
Node = tuple[str, str]  # cluster, name


@dataclass
class _Hour:
    """What was told of one hour. Sums over points of a minute; CPU in core-seconds."""

    allocatable: dict[tuple[Node, str, str], Decimal] = field(default_factory=dict)
    seen: dict[Pod, dict[str, Decimal]] = field(default_factory=dict)
    requests: dict[tuple[Pod, str, str], Decimal] = field(default_factory=dict)
    cpu: dict[Pod, Decimal] = field(default_factory=dict)
    memory: dict[Pod, Decimal] = field(default_factory=dict)


def records(stream: BinaryIO, name: str) -> Iterator[PodRecord | Rejected]:
    """A record an hour for each node and for each pod on it; a `Rejected` for a bad series."""
    answers = Answers(stream, name)
    hours: dict[int, _Hour] = {}
    for one in answers.series():
        if isinstance(one, Rejected):
            yield one
            continue
        try:
            _take(answers, one, hours)
        except (ValueError, InvalidOperation) as error:
            yield Rejected(one.line, f"{'.'.join(one.query)}: {error or 'no number'}", one.raw)
    for at, hour in sorted(hours.items()):
        yield from _records(datetime.fromtimestamp(at, UTC) - _HOUR, hour)


READER = RowReader(
    name="prometheus_resources",
    kind="telemetry",
    identify=identify("resources"),
    records=records,
)


def _take(answers: Answers, series: Series, hours: dict[int, _Hour]) -> None:
    labels, cluster = series.labels, answers.cluster_of(series.labels)
    _, quantity, stat = series.query
    pod = (cluster, labels.get("namespace", ""), labels.get("pod", ""))
    node, resource = labels.get("node", ""), labels.get("resource", "")
    if not (node if quantity == "allocatable" else pod[2]):
        raise ValueError("its labels do not say of what it is")
    for at, value in {at: _number(text) for at, text in series.values.items()}.items():
        hour = hours.setdefault(at, _Hour())
        if quantity == "allocatable":
            hour.allocatable[(cluster, node), resource, stat] = value
        elif quantity == "seen":
            hour.seen.setdefault(pod, {})[node] = value
        elif quantity == "requests":
            hour.requests[pod, node, resource] = value
        elif quantity == "cpu":
            hour.cpu[pod] = value
        elif quantity == "memory":
            hour.memory[pod] = value


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or not 0 <= value <= COUNT_MAX * 60:
        raise ValueError(f"{text[:40]!r} is no amount")
    return value


def _records(start: datetime, hour: _Hour) -> Iterator[PodRecord]:
    for cluster, node in sorted({node for node, _, _ in hour.allocatable}):
        told = hour.allocatable
        points = max(told.get(((cluster, node), name, "n"), 0) for name in ("cpu", "memory"))
        observed = min(int(points) * _POINT_MS, _HOUR_MS)
        has = {name: told.get(((cluster, node), name, "avg")) for name in ("cpu", "memory")}
        yield PodRecord(
            start, node, observed, cluster,
            cpu_capacity_ms=_times(has["cpu"], observed),
            memory_capacity_ms=_times(has["memory"], observed, _MIB),
        )  # fmt: skip
    for pod, nodes in sorted(hour.seen.items()):
        points = sum(nodes.values())
        for node, there in sorted(nodes.items()):
            if node and there:
                yield _record(start, hour, pod, node, int(there), there / points)


def _record(
    start: datetime, hour: _Hour, pod: Pod, node: str, points: int, part: Decimal
) -> PodRecord:
    """Requests say the node. What was used does not: a pod that moved used on each node in
    proportion to the time it was there."""
    cpu, memory = hour.cpu.get(pod), hour.memory.get(pod)
    return PodRecord(
        start, node, min(points * _POINT_MS, _HOUR_MS), *pod,
        cpu_requested_ms=_times(hour.requests.get((pod, node, "cpu")), _POINT_MS),
        cpu_used_ms=_times(None if cpu is None else cpu * part, 1000),
        memory_requested_ms=_times(hour.requests.get((pod, node, "memory")), _POINT_MS, _MIB),
        memory_used_ms=_times(None if memory is None else memory * part, _POINT_MS, _MIB),
    )  # fmt: skip


def _times(amount: Decimal | None, milliseconds: int, unit: int = 1) -> int | None:
    return None if amount is None else round(amount * milliseconds / unit)
