"""Saved scrapes of NVIDIA's dcgm-exporter, in Prometheus text exposition.

A sample has its time behind its value (milliseconds), or in a comment `# scraped_at 2026-09-01T…Z`
before its scrape. docs/sources/dcgm.md tells what each trap of the format becomes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
import io
from math import isnan
from statistics import median_low
from typing import BinaryIO

from aicost.kernel.periods import utc_now
from ingest.records import IntervalRecord, Rejected
from ingest.sources.base import Head, RowReader, Unreadable
from ingest.sources.cells import CLOCK_SKEW, TEXT_CHARS_MAX
from ingest.sources.exposition import labels_of, scraped_at, timestamp_ms
from ingest.sources.gpu_labels import card_gb, mig_fraction, pod_of
from ingest.sources.samples import (
    BUCKET_MS,
    SPACING_DEFAULT_MS,
    Device,
    Sample,
    Workload,
    intervals,
    spacing_of,
)

# Metric -> (its place in a slot, highest value that can be).
_METRICS = {
    "DCGM_FI_DEV_GPU_UTIL": (0, 100),
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": (1, 1),
    "DCGM_FI_PROF_SM_ACTIVE": (2, 1),
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": (3, 1),
    "DCGM_FI_DEV_FB_USED": (4, 400_000),
    "DCGM_FI_DEV_FB_FREE": (5, 400_000),
    "DCGM_FI_DEV_FB_RESERVED": (6, 400_000),
    "DCGM_FI_DEV_POWER_USAGE": (7, 5_000),
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": (8, 10**14),
}
_UTIL, _GR, _SM, _TENSOR, _USED, _FREE, _RESERVED, _POWER, _ENERGY = range(9)
_SENTINELS_FROM = 140_737_488_355_328  # DCGM's "blank" as double; as int64 it is more
_EARLIEST_MS = 946_684_800_000  # 2000-01-01


@dataclass
class _Slot:
    """All values of a device at one moment: told without a workload, and the highest told with
    one, since what is copied to each pod of a shared GPU must not be added up."""

    alone: list[float | None] = field(default_factory=lambda: [None] * 9)
    copied: list[float | None] = field(default_factory=lambda: [None] * 9)
    workloads: dict[tuple, float | None] = field(default_factory=dict)
    stale: bool = False


@dataclass
class _Gpu:
    device: Device
    card_mib: int | None
    replicas: dict[str, dict[int, _Slot]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Series:
    """What one set of labels says. `plain` and `exported` are (namespace, pod, container)."""

    slots: dict[int, _Slot]
    card_mib: int | None
    plain: tuple
    exported: tuple
    job: str
    virtual: bool

    @property
    def held(self) -> bool:
        return any((self.plain, self.exported, self.job))


def identify(head: Head) -> bool:
    """Landed answers of a Prometheus name the metrics too, and are JSON."""
    return b"DCGM_FI_" in head.first_bytes and not head.first_bytes.startswith(b"{")


def records(stream: BinaryIO, name: str) -> Iterator[IntervalRecord | Rejected]:
    """5-minute intervals of each GPU and of what held it; a `Rejected` for each bad sample."""
    scrape = _Scrapes(name)
    yield from scrape.read(io.TextIOWrapper(stream, encoding="utf-8", errors="replace"))
    yield from scrape.intervals()


READER = RowReader(name="dcgm", kind="telemetry", identify=identify, records=records)


class _Scrapes:
    def __init__(self, name: str) -> None:
        self.name = name
        self.gpus: dict[tuple, _Gpu] = {}
        self.series: dict[str, _Series] = {}
        self.latest_ms = round((utc_now() + CLOCK_SKEW).timestamp() * 1000)

    def read(self, lines: io.TextIOWrapper) -> Iterator[Rejected]:
        now: int | None = None
        for number, line in enumerate(lines, start=1):
            if line[0] == "#":
                if "scraped_at" in line:
                    now, reason = self._moment(line)
                    if reason:
                        yield Rejected(number, reason, line.strip())
                continue
            metric, brace, rest = line.partition("{")
            known = _METRICS.get(metric.rstrip())
            if known is None:
                continue
            labels, brace, tail = rest.rpartition("}")
            try:
                if not brace:
                    raise ValueError("a sample without labels names no GPU")
                series = self.series.get(labels) or self._series(labels)
                value, *stamp = tail.split()
                at = timestamp_ms(stamp[0]) if stamp else now
                if at is None or not _EARLIEST_MS <= at <= self.latest_ms:
                    raise ValueError(self._no_time(at))
                self._take(series, at, known, value)
            except ValueError as error:
                yield Rejected(number, f"{metric}: {error}", line.strip()[:2_000])

    def _moment(self, line: str) -> tuple[int | None, str]:
        try:
            return scraped_at(line), ""
        except ValueError as error:
            return None, str(error)

    def _no_time(self, at: int | None) -> str:
        if at is None:
            return "no time: write '# scraped_at 2026-09-01T00:00:15Z' before each scrape"
        return "the time is in the future" if at > self.latest_ms else "the time is before 2000"

    def _take(self, series: _Series, at: int, known: tuple[int, int], text: str) -> None:
        place, highest = known
        value = float(text)
        if isnan(value):  # Prometheus' mark for a series that ended
            series.slots.setdefault(at, _Slot()).stale = True
            return
        if value >= _SENTINELS_FROM:
            raise ValueError(f"{text} stands for 'no value'")
        limit = (series.card_mib or highest) if place in (_USED, _FREE) else highest
        if not 0 <= value <= limit:
            raise ValueError(f"{text} is not in 0 to {limit}")
        slot = series.slots.get(at)
        if slot is None:
            slot = series.slots[at] = _Slot()
        if not series.held:
            slot.alone[place] = max(value, slot.alone[place] or 0)
            return
        slot.copied[place] = max(value, slot.copied[place] or 0)
        work = (series.plain, series.exported, series.job)
        if series.virtual and place == _UTIL:
            slot.workloads[work] = max(value / 100, slot.workloads.get(work) or 0)
        else:
            slot.workloads.setdefault(work, None)

    def _series(self, text: str) -> _Series:
        labels = labels_of(text)
        if any(len(value) > TEXT_CHARS_MAX for value in labels.values()):
            raise ValueError(f"a label is longer than {TEXT_CHARS_MAX} characters")
        folded = {key.lower(): value for key, value in labels.items()}
        gpu = self._gpu(folded)
        replica = folded.get("prometheus_replica", folded.get("__replica__", ""))
        self.series[text] = series = _Series(
            slots=gpu.replicas.setdefault(replica, {}),
            card_mib=gpu.card_mib,
            plain=pod_of(folded),
            exported=pod_of(folded, "exported_"),
            job=folded.get("hpc_job", ""),
            virtual=bool(folded.get("vgpu")),
        )
        return series

    def _gpu(self, labels: dict[str, str]) -> _Gpu:
        node = _first(labels, "hostname", "exported_hostname", "node", "kubernetes_node")
        node = node or labels.get("instance", "").rpartition(":")[0] or labels.get("instance", "")
        uuid = labels.get("uuid") or (node and f"{node}/{labels['gpu']}" if "gpu" in labels else "")
        if not uuid:
            raise ValueError("neither UUID nor node and gpu say which GPU this is")
        profile, model = labels.get("gpu_i_profile", ""), labels.get("modelname", "")
        device = Device(
            cluster=_first(labels, "cluster", "cluster_name", "k8s_cluster_name"),
            node=node,
            uuid=uuid,
            mig_instance_id=labels.get("gpu_i_id", ""),
            mig_profile=profile,
            model=model,
            fraction=mig_fraction(profile, model),
        )
        card = card_gb(model)
        key = (device.cluster, device.node, device.uuid, device.mig_instance_id)
        return self.gpus.setdefault(key, _Gpu(device, card and card * 1126))

    def intervals(self) -> Iterator[IntervalRecord]:
        if not self.gpus:
            raise Unreadable("no sample of a GPU in it", self.name, "Save dcgm-exporter's /metrics")
        series = self.series.values()
        exported = any(one.exported for one in series)
        flags = () if any(_work(one, exported) for one in series) else ("ambiguous_label",)
        chosen = [(gpu.device, _elected(gpu.replicas)) for _, gpu in sorted(self.gpus.items())]
        spacings = [s for _, slots in chosen if (s := spacing_of(sorted(slots)))]
        spacing = median_low(spacings) if spacings else SPACING_DEFAULT_MS
        sliced = {device.uuid for device, _ in chosen if device.mig_instance_id}
        for device, slots in chosen:
            mig = device.uuid in sliced
            samples = {at: _sample(device, slot, exported, mig) for at, slot in slots.items()}
            yield from intervals(device, samples, spacing, flags)


def _first(labels: dict[str, str], *names: str) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def _work(series: _Series, exported: bool) -> tuple | str:
    return (series.exported if exported else series.plain) or series.job


def _elected(replicas: dict[str, dict[int, _Slot]]) -> dict[int, _Slot]:
    """Of an HA pair, for each bucket the replica that saw it most often: their samples are
    offset, so taking both would not be taking either."""
    if len(replicas) == 1:
        return next(iter(replicas.values()))
    buckets: dict[int, dict[str, list[int]]] = {}
    for replica, slots in sorted(replicas.items()):
        for at in slots:
            buckets.setdefault(at // BUCKET_MS, {}).setdefault(replica, []).append(at)
    elected = {}
    for seen in buckets.values():
        replica = max(sorted(seen), key=lambda one: len(seen[one]))
        elected.update({at: replicas[replica][at] for at in seen[replica]})
    return elected


def _sample(device: Device, slot: _Slot, exported: bool, mig: bool) -> Sample:
    told = [
        alone if alone is not None else copied
        for alone, copied in zip(slot.alone, slot.copied, strict=True)
    ]
    gr, util = told[_GR], told[_UTIL]
    if mig:
        util = None  # 0 or absent under MIG, whatever the slices do
    activity = gr if gr is not None else None if util is None else util / 100
    memory = [told[place] for place in (_USED, _FREE, _RESERVED) if told[place] is not None]
    return Sample(
        activity=activity,
        gr=gr,
        sm=told[_SM],
        tensor=told[_TENSOR],
        fb_used=None if told[_USED] is None else round(told[_USED]),
        fb_total=round(sum(memory)) if told[_FREE] is not None else None,
        power=told[_POWER],
        energy_mj=None if told[_ENERGY] is None else round(told[_ENERGY]),
        workloads=_workloads(device, slot, exported),
        stale=slot.stale and not any(value is not None for value in told),
    )


def _workloads(device: Device, slot: _Slot, exported: bool) -> dict[Workload, float | None]:
    """Where `exported_pod` occurs, `pod` is the exporter's own or the scraper's."""
    found: dict[Workload, float | None] = {}
    for (plain, other, job), activity in slot.workloads.items():
        pod = other if exported else plain
        if pod:
            namespace, name, container = pod
            parts = ("k8s:" + device.cluster, namespace, name, container)
            found[Workload("/".join(parts), namespace, name)] = activity
        elif job:
            found[Workload(f"hpc:{device.cluster}/{job}", "", job)] = activity
    return found
