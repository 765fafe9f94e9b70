"""One bucket of one series as the server aggregated it, several of them as one, and its record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ingest.records import IntervalRecord
from ingest.sources.samples import BUCKET_MS, Device, Workload

_BUCKET_S = BUCKET_MS // 1000
_JOULE_MAX = Decimal(5_000 * _BUCKET_S)
_MICRO, _MILLI = Decimal("0.000001"), Decimal("0.001")
# What busy is: the engine's activity, else the utilisation. The latter says nothing under MIG, and
# is the pod's own where a GPU is shared by virtual ones.
ENGINE, SLICED, VIRTUAL = ("gr", "util"), ("gr",), ("util", "gr")
_ACTIVITY = ("known", "zero", "first", "last", "activity", "gr")
_REST = ("sm", "tensor", "fb_used", "fb_max", "fb_total", "power", "energy")
_AVERAGES = ("activity", "gr", "sm", "tensor", "fb_used", "fb_total", "power")


@dataclass(frozen=True)
class Cell:
    """`n` grid points were observed, at `known` of them the activity, at `zero` there was none;
    `first` and `last` are the unix seconds of activity, 0 for never. Averages are None where a
    metric is absent: that is not zero."""

    n: int
    known: int = 0
    zero: int = 0
    first: int = 0
    last: int = 0
    activity: Decimal | None = None
    gr: Decimal | None = None
    sm: Decimal | None = None
    tensor: Decimal | None = None
    fb_used: Decimal | None = None
    fb_max: Decimal | None = None
    fb_total: Decimal | None = None
    power: Decimal | None = None
    energy: Decimal | None = None

    def cut(self, n: int) -> "Cell":
        """The same, seen at fewer points."""
        return replace(self, n=n, known=min(self.known, n), zero=min(self.zero, n))


@dataclass(frozen=True)
class Held:
    """What held a device, how much of it, and who says so."""

    workload: Workload
    cell: Cell
    fraction: Decimal
    basis: str
    scope: str


def seen_of(told: Mapping[tuple[str, str], Decimal], by: tuple[str, ...] = ENGINE) -> Cell:
    """Busy is the first of `by` that was observed."""
    points = {quantity: int(value) for (quantity, stat), value in told.items() if stat == "n"}
    busy = next((name for name in by if points.get(name)), "")
    memory = [told.get((name, "avg")) for name in ("fb_used", "fb_free", "fb_reserved")]
    total = told.get(("fb_total", "avg"))
    if total is None and memory[0] is not None and memory[1] is not None:
        total = sum(part for part in memory if part is not None)
    energy = told.get(("energy", "sum"))
    return Cell(
        n=max(points.values(), default=0),
        known=points.get(busy, 0),
        zero=int(told.get((busy, "zero"), 0)),
        first=int(told.get((busy, "first"), 0)),
        last=int(told.get((busy, "last"), 0)),
        activity=told.get((busy, "avg")),
        gr=told.get(("gr", "avg")),
        sm=told.get(("sm", "avg")),
        tensor=told.get(("tensor", "avg")),
        fb_used=memory[0],
        fb_max=told.get(("fb_used", "max")),
        fb_total=total,
        power=told.get(("power", "avg")),
        energy=energy if energy is not None and energy <= _JOULE_MAX else None,
    )


def merged(cells: Iterable[Cell], points: int) -> Cell:
    """Cells that follow each other in the bucket as one. What does not fit into the bucket's
    points any more is a copy of what was taken: the earlier in the list goes before."""
    taken: list[Cell] = []
    total = 0
    for cell in cells:
        if cell.n and (not taken or total + cell.n <= points + 1):
            taken.append(cell)
            total += cell.n
    if len(taken) <= 1:
        return taken[0] if taken else Cell(0)
    known = sum(cell.known for cell in taken)
    averages = {name: _average(taken, name) for name in _AVERAGES}
    return Cell(
        n=min(total, points),
        known=min(known, points),
        zero=min(sum(cell.zero for cell in taken), points),
        first=min((cell.first for cell in taken if cell.first), default=0),
        last=max(cell.last for cell in taken),
        fb_max=max((cell.fb_max for cell in taken if cell.fb_max is not None), default=None),
        energy=_sum(cell.energy for cell in taken),
        **averages,
    )


def filled(whole: Cell, copy: Cell) -> Cell:
    """The device with what only its copies tell: virtual GPUs repeat most metrics for each pod,
    and leave out the device's own row."""
    names = [name for name in _REST if getattr(whole, name) is None]
    if whole.gr is None and copy.gr is not None and copy.n >= whole.n:
        names += _ACTIVITY
    return replace(whole, **{name: getattr(copy, name) for name in names})


def interval(
    device: Device, held: Held | None, cell: Cell, at: int, points: int, flags: Iterable[str] = ()
) -> IntervalRecord:
    """The record of the bucket that ends at `at`. Only the device's own row keeps its number of
    points: of a device the fuller bucket stands, of what held it what is known by now."""
    grid_ms = BUCKET_MS // points
    end = datetime.fromtimestamp(at, UTC)
    observed = min(cell.n * grid_ms, BUCKET_MS)
    lead, tail = _ends(cell, at, points)
    known = cell.known > 0
    gap = {"gap"} if cell.n < points else set()
    workload = held.workload if held else None
    return IntervalRecord(
        t_start=end - timedelta(milliseconds=BUCKET_MS),
        t_end=end,
        cluster=device.cluster,
        node=device.node,
        device_uuid=device.uuid,
        mig_instance_id=device.mig_instance_id,
        mig_profile=device.mig_profile,
        device_model=device.model,
        workload_key=workload.key if workload else "",
        namespace=workload.namespace if workload else "",
        pod=workload.pod if workload else "",
        util_scope=held.scope if held else device.scope,
        alloc_gpu_fraction=held.fraction.quantize(_MICRO) if held else Decimal(0),
        alloc_basis=held.basis if held else "",
        observed_ms=observed,
        n_samples=None if held else cell.n,
        busy_ms=_ms(cell.activity, cell.known * grid_ms) if known else None,
        gr_busy_ms=_ms(cell.gr, observed),
        sm_ms=_ms(cell.sm, observed),
        tensor_ms=_ms(cell.tensor, observed),
        zero_ms=cell.zero * grid_ms if known else None,
        zero_lead_ms=lead if known else None,
        zero_tail_ms=tail if known else None,
        fb_used_mib_avg=_whole(cell.fb_used),
        fb_used_mib_max=_whole(cell.fb_max),
        fb_total_mib=_whole(cell.fb_total),
        **({} if held else _energy(cell, observed)),
        flags=tuple(sorted({*flags, *gap})) if not held else (),
    )


def _ends(cell: Cell, at: int, points: int) -> tuple[int, int]:
    """Zero time that touches the start and the end, ms; a point stands for what is before it. In
    a bucket with a gap, or where one answer is missing, nobody knows which end it touches."""
    if cell.known < points:
        return 0, 0
    if not cell.first and not cell.last:
        return BUCKET_MS, BUCKET_MS
    if not cell.first or not cell.last:
        return 0, 0
    lead = (cell.first - at) * 1000 + BUCKET_MS - BUCKET_MS // points
    return max(lead, 0), max((at - cell.last) * 1000, 0)


def _average(cells: list[Cell], name: str) -> Decimal | None:
    told = [(getattr(cell, name), cell.n) for cell in cells if getattr(cell, name) is not None]
    return sum(v * n for v, n in told) / sum(n for _, n in told) if told else None


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    told = [value for value in values if value is not None]
    return sum(told, Decimal(0)) if told else None


def _ms(ratio: Decimal | None, length: int) -> int | None:
    return None if ratio is None else min(round(ratio * length), length)


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else round(value)


def _energy(cell: Cell, observed: int) -> dict[str, object]:
    if cell.energy is not None:
        return {"energy_j": cell.energy.quantize(_MILLI), "energy_basis": "counter"}
    if cell.power is not None:
        joule = cell.power * observed / 1000
        return {"energy_j": joule.quantize(_MILLI), "energy_basis": "power"}
    return {}
