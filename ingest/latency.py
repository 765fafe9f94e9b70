"""Latency as a sparse histogram {bucket: requests} that adds up, so that p50 and p95 are right at
any grouping.

Bucket k holds latencies in [2^(k/4), 2^((k+1)/4)) milliseconds: a quantile read from it is off by
at most 19 %, whatever was merged. Pure; `ingest.models.measured` says where it is stored.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor, log2

BUCKETS_PER_DOUBLING = 4
BUCKET_MIN = -40  # 2^-10 ms, about a microsecond; zero and everything below it count here
BUCKET_MAX = 127  # 2^32 ms, about 50 days

Histogram = dict[int, int]


def bucket_of(latency_ms: Decimal) -> int:
    """The bucket of one latency in milliseconds. Raises ValueError when negative or too long."""
    if latency_ms < 0:
        raise ValueError(f"the latency {latency_ms} ms is negative")
    if latency_ms < Decimal(2) ** -10:
        return BUCKET_MIN
    exact = Fraction(latency_ms) ** BUCKETS_PER_DOUBLING
    bucket = floor(BUCKETS_PER_DOUBLING * log2(latency_ms))  # may be one off at a border
    while exact < Fraction(2) ** bucket:
        bucket -= 1
    while exact >= Fraction(2) ** (bucket + 1):
        bucket += 1
    if bucket > BUCKET_MAX:
        raise ValueError(f"the latency {latency_ms} ms is longer than 2^32 ms")
    return bucket


def merge(histograms: Iterable[Mapping[int | str, int] | None]) -> Histogram | None:
    """The sum; keys may be text as JSON has them. None when no histogram is told at all."""
    merged: Histogram = {}
    told = False
    for histogram in histograms:
        if histogram is None:
            continue
        told = True
        for bucket, count in histogram.items():
            merged[int(bucket)] = merged.get(int(bucket), 0) + count
    return merged if told else None


def quantile_ms(histogram: Mapping[int | str, int] | None, quantile: float) -> float | None:
    """The latency in ms below which the share `quantile` (0 to 1) of the requests stays.

    Interpolated geometrically inside the bucket; None when nothing was measured.
    """
    if not 0 <= quantile <= 1:
        raise ValueError(f"the quantile {quantile} is not between 0 and 1")
    counts = merge([histogram])
    total = sum(counts.values()) if counts else 0
    if not counts or not total:
        return None
    wanted, seen = quantile * total, 0
    for bucket in sorted(counts):
        if counts[bucket] and seen + counts[bucket] >= wanted:
            inside = (wanted - seen) / counts[bucket]
            return 2 ** ((bucket + inside) / BUCKETS_PER_DOUBLING)
        seen += counts[bucket]
    raise AssertionError("the requests of a histogram sum to less than themselves")
