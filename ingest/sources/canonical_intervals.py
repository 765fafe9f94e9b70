"""What a canonical GPU interval means beyond its cells, and what makes it impossible."""

from datetime import datetime, timedelta
from decimal import Decimal

from ingest.sources.format import Columns
from ingest.sources.gpu_labels import mig_fraction

INTERVAL = timedelta(minutes=5)
INTERVAL_MAX = timedelta(hours=1)
_MICRO = Decimal("0.000001")
_WITHIN_OBSERVED = ("busy_ms", "sm_ms", "tensor_ms", "zero_ms")


def finish_intervals(columns: Columns) -> dict[int, str]:
    """Without `observed_s` the whole interval was observed; a workload without a share has the
    device, or the part of it that its MIG profile is, to itself; zero time that fills the interval
    touches both of its ends."""
    lengths = _lengths(columns["t_start"], columns["t_end"])
    reasons = {row: length for row, length in enumerate(lengths) if isinstance(length, str)}
    lengths = [0 if isinstance(length, str) else length for length in lengths]
    columns["observed_ms"] = [
        length if observed is None else observed
        for observed, length in zip(columns["observed_ms"], lengths, strict=True)
    ]
    _share(columns)
    columns["util_scope"] = [scope or "device" for scope in columns["util_scope"]]
    _touch(columns, lengths)
    for row, reason in _impossible(columns, lengths):
        reasons.setdefault(row, reason)
    return reasons


def _lengths(starts: list[datetime], ends: list[datetime]) -> list[int | str]:
    """Length in ms or the reason why it is none, judged once per distinct pair."""
    judged: dict[tuple[datetime, datetime], int | str] = {}
    for pair in set(zip(starts, ends, strict=True)):
        judged[pair] = _length(*pair)
    return [judged[pair] for pair in zip(starts, ends, strict=True)]


def _length(start: datetime, end: datetime) -> int | str:
    length = end - start
    if start.minute % 5 or start.second or start.microsecond or length % INTERVAL:
        return "t_start and t_end are not on 5-minute marks"
    if not INTERVAL <= length <= INTERVAL_MAX:
        return "the interval is not 5 minutes to 1 hour long"
    if (end - timedelta(microseconds=1)).date() != start.date():
        return "the interval crosses midnight UTC"
    return length // timedelta(milliseconds=1)


def _share(columns: Columns) -> None:
    fractions, bases = columns["alloc_gpu_fraction"], columns["alloc_basis"]
    profiles, models = columns["mig_profile"], columns["device_model"]
    for row, (fraction, key) in enumerate(zip(fractions, columns["workload_key"], strict=True)):
        if fraction is None and key and profiles[row]:
            fractions[row] = mig_fraction(profiles[row], models[row]).quantize(_MICRO)
            bases[row] = bases[row] or "mig"
        elif fraction is None:
            fractions[row] = Decimal(1) if key else Decimal(0)
            bases[row] = bases[row] or ("exclusive" if key else "")


def _touch(columns: Columns, lengths: list[int]) -> None:
    """Idle told by the source is kept and never joined into runs, so its zero ends are unknown."""
    zero, lead, tail = columns["zero_ms"], columns["zero_lead_ms"], columns["zero_tail_ms"]
    held, empty = columns["held_idle_ms"], columns["empty_idle_ms"]
    for row, length in enumerate(lengths):
        if held[row] is not None or empty[row] is not None:
            held[row], empty[row] = held[row] or 0, empty[row] or 0
            lead[row] = tail[row] = None
        elif zero[row] is not None:
            full = length if zero[row] == length else 0
            lead[row] = full if lead[row] is None else lead[row]
            tail[row] = full if tail[row] is None else tail[row]
        else:
            lead[row] = tail[row] = None


def _impossible(columns: Columns, lengths: list[int]):
    observed = columns["observed_ms"]
    for row, (seen, length) in enumerate(zip(observed, lengths, strict=True)):
        if seen > length:
            yield row, "observed_s is longer than the interval"
    for name in _WITHIN_OBSERVED:
        for row, (part, seen) in enumerate(zip(columns[name], observed, strict=True)):
            if part is not None and part > seen:
                yield row, f"{name.removesuffix('_ms')}_s is longer than observed_s"
    ends = zip(columns["zero_ms"], columns["zero_lead_ms"], columns["zero_tail_ms"], strict=True)
    for row, (zero, lead, tail) in enumerate(ends):
        if lead is not None and not _ends_fit(zero, lead, tail, lengths[row]):
            yield row, "zero_lead_s and zero_tail_s do not fit into zero_s"
    idle = zip(columns["held_idle_ms"], columns["empty_idle_ms"], observed, strict=True)
    for row, (held, empty, seen) in enumerate(idle):
        if held is not None and held + empty > seen:
            yield row, "held_idle_s and empty_idle_s are longer than observed_s"


def _ends_fit(zero: int, lead: int, tail: int, length: int) -> bool:
    if lead == tail == length:
        return zero == length
    return lead + tail <= zero
