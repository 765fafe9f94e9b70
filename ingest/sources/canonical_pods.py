"""What a canonical row of a pod's hour means beyond its cells, and what makes it impossible."""

from decimal import Decimal

from ingest.sources.format import Columns

HOUR_MS = 3_600_000
_AMOUNTS = ("cpu_requested_ms", "cpu_used_ms", "cpu_capacity_ms", "memory_requested_ms",
            "memory_used_ms", "memory_capacity_ms")  # fmt: skip
_CAPACITIES = ("cpu_capacity_ms", "memory_capacity_ms")
_MOST = Decimal(10**8)  # cores or MiB of one machine


def finish_pods(columns: Columns) -> dict[int, str]:
    """Cores and MiB, averages over the observed time, become core- and MiB-milliseconds."""
    reasons: dict[int, str] = {}
    for row, hour in enumerate(columns["hour"]):
        if hour.minute or hour.second or hour.microsecond:
            reasons[row] = "hour is not a full hour"
    observed = columns["observed_ms"] = [
        HOUR_MS if told is None else told for told in columns["observed_ms"]
    ]
    for row, (pod, told) in enumerate(zip(columns["pod"], observed, strict=True)):
        if told > HOUR_MS:
            reasons.setdefault(row, "observed_s is longer than an hour")
        held = any(columns[name][row] is not None for name in _CAPACITIES)
        if bool(pod) == held:
            word = "a pod has no capacity of its own" if pod else "a node's row needs a capacity"
            reasons.setdefault(row, word)
    for name in _AMOUNTS:
        for row, amount in enumerate(columns[name]):
            if amount is not None and amount > _MOST:
                reasons.setdefault(row, f"{name.removesuffix('_ms')} is more than any machine has")
        columns[name] = [
            None if amount is None else round(amount * told)
            for amount, told in zip(columns[name], observed, strict=True)
        ]
    return reasons
