"""From samples of one GPU to 5-minute intervals. Shared by the readers of sampled telemetry.

A sample holds until the next one, if that comes soon enough to be the next: within three times the
usual spacing (but never longer than 114 s), or 1.1 times the spacing where that is more. Otherwise
it holds for the usual spacing, and what follows is a gap: unobserved, never idle.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median_low

from ingest.records import IntervalRecord

BUCKET_MS = 300_000
SPACING_DEFAULT_MS = 15_000  # of a lone scrape: dcgm-exporter's default
HOLD_MAX_MS = 114_000
SPACING_MAX_MS = 300_000
ZERO_BELOW = 0.001  # an idle engine reports 0, or less than a tenth of a percent
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Workload:
    """What holds a device, as labels say."""

    key: str
    namespace: str = ""
    pod: str = ""


@dataclass
class Sample:
    """Values of one device at one moment; None is unknown. Ratios are 0 to 1, memory is MiB, power
    W, `energy_mj` a counter. `workloads` maps what held the device to its own activity, or None
    where only the device's is known. A stale sample ends what was before it."""

    activity: float | None = None
    gr: float | None = None
    sm: float | None = None
    tensor: float | None = None
    fb_used: int | None = None
    fb_total: int | None = None
    power: float | None = None
    energy_mj: int | None = None
    workloads: dict[Workload, float | None] = field(default_factory=dict)
    stale: bool = False


@dataclass(frozen=True)
class Device:
    """One GPU or MIG slice. `fraction` is the part of the GPU that it is."""

    cluster: str
    node: str
    uuid: str
    mig_instance_id: str = ""
    mig_profile: str = ""
    model: str = ""
    fraction: Decimal = Decimal(1)

    @property
    def scope(self) -> str:
        return "mig_instance" if self.mig_instance_id else "device"


class _Totals:
    """Sums over the observed pieces of one bucket for one workload, or for the device itself."""

    def __init__(self, start: int) -> None:
        self.start, self.end = start, start + BUCKET_MS
        self.observed = self.known = self.zero = self.lead = self.tail = self.fb_ms = self.n = 0
        self.activity = self.gr = self.sm = self.tensor = self.fb = self.energy = self.share = 0.0
        self.has: set[str] = set()
        self.fb_max = self.fb_total = 0
        self._zero_to = start  # zero without a break from the bucket's start to here
        self._zero_since: int | None = None

    def add(self, start: int, end: int, sample: Sample, activity: float | None) -> None:
        length = end - start
        self.observed += length
        for name, value in (("gr", sample.gr), ("sm", sample.sm), ("tensor", sample.tensor)):
            if value is not None:
                self.has.add(name)
                setattr(self, name, getattr(self, name) + value * length)
        if sample.fb_used is not None:
            self.fb_ms += length
            self.fb += sample.fb_used * length
            self.fb_max = max(self.fb_max, sample.fb_used)
        self.fb_total = max(self.fb_total, sample.fb_total or 0)
        if activity is None:
            self._zero_since = None
            return
        self.known += length
        self.activity += activity * length
        self._zero(start, end, activity < ZERO_BELOW)

    def _zero(self, start: int, end: int, zero: bool) -> None:
        if not zero:
            self._zero_since = None
            return
        self.zero += end - start
        if self._zero_to == start:
            self._zero_to = end
        if self._zero_since is None or self._last != start:
            self._zero_since = start
        self._last = end

    def ends(self) -> tuple[int, int]:
        """Zero time that touches the start and the end of the bucket, ms."""
        lead = self._zero_to - self.start
        tail = 0
        if self._zero_since is not None and self._last == self.end:
            tail = self.end - self._zero_since
        return lead, tail


def intervals(
    device: Device, samples: dict[int, Sample], spacing_ms: int, flags: tuple[str, ...] = ()
) -> Iterator[IntervalRecord]:
    """The device's own row and one row a workload for each bucket that holds a sample. `samples`
    are by time in ms since 1970; `spacing_ms` is the file's, used where the device has too few."""
    times = sorted(samples)
    own = spacing_of(times)
    buckets: dict[int, dict[Workload | None, _Totals]] = {}
    for start, end, sample, joule in _pieces(times, samples, own or spacing_ms):
        first = start - start % BUCKET_MS
        for bucket in range(first, end, BUCKET_MS):
            piece = max(start, bucket), min(end, bucket + BUCKET_MS)
            rows = buckets.setdefault(bucket, {})
            _add(rows, bucket, piece, sample, joule * (piece[1] - piece[0]) / (end - start))
            for own in (None, *sample.workloads):
                rows[own].n += first == bucket
    for _, rows in sorted(buckets.items()):
        if rows[None].n:
            for workload in sorted(rows, key=lambda w: w.key if w else ""):
                yield _record(device, workload, rows[workload], rows[None], flags)


def spacing_of(times: list[int]) -> int | None:
    """The usual time between samples, ms; None for fewer than two."""
    gaps = [b - a for a, b in zip(times, times[1:], strict=False)]
    return min(median_low(gaps), SPACING_MAX_MS) if gaps else None


def _pieces(times: list[int], samples: dict[int, Sample], spacing: int):
    """(start, end, sample, joules) of what each sample stands for."""
    hold = max(spacing * 11 // 10, min(3 * spacing, HOLD_MAX_MS))
    for nth, start in enumerate(times):
        sample = samples[start]
        if sample.stale:
            continue
        end, joule = start + spacing, None
        if nth + 1 < len(times) and times[nth + 1] - start <= hold:
            end = times[nth + 1]
            joule = _counted(sample, samples[end])
        if joule is None:
            joule = (sample.power or 0.0) * (end - start) / 1000
        yield start, end, sample, joule


def _counted(sample: Sample, following: Sample) -> float | None:
    """Joules by the counter; None where it was reset or is absent."""
    if sample.energy_mj is None or following.energy_mj is None:
        return None
    used = following.energy_mj - sample.energy_mj
    return used / 1000 if used >= 0 else None


def _add(
    rows: dict[Workload | None, _Totals],
    bucket: int,
    piece: tuple[int, int],
    sample: Sample,
    joule: float,
) -> None:
    whole = rows.setdefault(None, _Totals(bucket))
    whole.add(*piece, sample, sample.activity)
    if sample.power is not None or sample.energy_mj is not None:
        whole.has.add("counter" if sample.energy_mj is not None else "power")
        whole.energy += joule
    for workload, activity in sample.workloads.items():
        own = rows.setdefault(workload, _Totals(bucket))
        own.add(*piece, sample, sample.activity if activity is None else activity)
        own.share += (piece[1] - piece[0]) / len(sample.workloads)
        if activity is not None:
            own.has.add("process")


def _record(
    device: Device,
    workload: Workload | None,
    totals: _Totals,
    whole: _Totals,
    flags: tuple[str, ...],
) -> IntervalRecord:
    start = _EPOCH + timedelta(milliseconds=totals.start)
    known = totals.known > 0
    lead, tail = totals.ends()
    share, basis = _share(device, workload, totals)
    return IntervalRecord(
        t_start=start,
        t_end=start + timedelta(milliseconds=BUCKET_MS),
        cluster=device.cluster,
        node=device.node,
        device_uuid=device.uuid,
        mig_instance_id=device.mig_instance_id,
        mig_profile=device.mig_profile,
        device_model=device.model,
        workload_key=workload.key if workload else "",
        namespace=workload.namespace if workload else "",
        pod=workload.pod if workload else "",
        util_scope="process" if "process" in totals.has else device.scope,
        alloc_gpu_fraction=share,
        alloc_basis=basis,
        observed_ms=totals.observed,
        n_samples=totals.n,
        busy_ms=round(totals.activity) if known else None,
        gr_busy_ms=round(totals.gr) if "gr" in totals.has else None,
        sm_ms=round(totals.sm) if "sm" in totals.has else None,
        tensor_ms=round(totals.tensor) if "tensor" in totals.has else None,
        zero_ms=totals.zero if known else None,
        zero_lead_ms=lead if known else None,
        zero_tail_ms=tail if known else None,
        fb_used_mib_avg=round(totals.fb / totals.fb_ms) if totals.fb_ms else None,
        fb_used_mib_max=totals.fb_max if totals.fb_ms else None,
        fb_total_mib=totals.fb_total or None,
        **_energy(workload, whole),
        flags=() if workload else _flags(flags, totals),
    )


def _share(device: Device, workload: Workload | None, totals: _Totals) -> tuple[Decimal, str]:
    if workload is None:
        return Decimal(0), ""
    share = Decimal(round(totals.share * 1_000_000 / totals.observed)) / 1_000_000
    basis = "mig" if device.mig_instance_id else "exclusive"
    if share < 1:
        basis = "replica"
    return (share * device.fraction).quantize(Decimal("0.000001")), basis


def _energy(workload: Workload | None, whole: _Totals) -> dict[str, object]:
    if workload is not None or not whole.has & {"counter", "power"}:
        return {}
    basis = "counter" if "counter" in whole.has else "power"
    return {"energy_j": Decimal(round(whole.energy * 1000)) / 1000, "energy_basis": basis}


def _flags(flags: tuple[str, ...], totals: _Totals) -> tuple[str, ...]:
    gap = ("gap",) if totals.observed < BUCKET_MS else ()
    return tuple(sorted({*flags, *gap}))
