"""Hours that together cost more than they should, though no single one need show it."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import MAD, Track
from attribution.detectors.findings import Detector, Marks, setting
from attribution.detectors.hourly import DAY
from attribution.detectors.windows import UNKNOWN, refreshed_quantiles, trailing_sum

SPANS = (3, 6)


@dataclass(frozen=True)
class RollingSettings:
    share: float = setting(0.3, "part above the expectation, over 24 hours", low=0.45, high=0.25)
    short_share: float = setting(0.5, "part above it, over 3 or 6 hours", low=0.7, high=0.4)
    excess: float = setting(20, "dollars above it, over 24 hours", low=40, high=10)
    short_excess: float = setting(8, "dollars above it, over 3 or 6 hours", low=16, high=5)
    own: float = setting(4, "usual differences of this series over as many hours", 5, 3.2)
    short_own: float = setting(4.6, "the same over 3 or 6 hours", low=6.5, high=4)
    floor: float = setting(0.05, "usual difference assumed at least")
    history: float = setting(14 * DAY, "hours of history needed")


def run(track: Track, settings: RollingSettings) -> Marks:
    """The last 3 and 6 hours against the expectation, the last 24 against the profile on the level
    of the week before; each against how far such sums usually are apart."""
    able = track.judged & (track.history >= settings.history)
    fires = np.zeros(able.shape, bool)
    since = np.zeros(able.shape, np.int16)
    for hours in (*SPANS, DAY):
        usual = track.usual if hours == DAY else track.expected
        short = hours < DAY
        share = settings.short_share if short else settings.share
        excess = settings.short_excess if short else settings.excess
        ratio, apart, own = _sums(track, usual, hours)
        own = np.maximum(own, np.float32(settings.floor))
        times = settings.short_own * track.tail if short else settings.own
        if not short:
            own = np.minimum(own, np.float32(0.2))
        fired = (
            able
            & (ratio >= np.log1p(share))
            & (ratio >= times * own)
            & (apart >= excess)
            & (track.actual(0) >= (1 + share / 2) * usual)
        )
        since[fired & ~fires] = hours - 1 if short else DAY // 2 - 1
        fires |= fired
    return Marks({0: fires}, since=since)


def _sums(track: Track, usual: np.ndarray, hours: int) -> tuple:
    """Of the last hours: the logarithm of actual to usual cost, their difference, and how large
    that logarithm usually is."""
    seen = track.actual(0)
    both = ~np.isnan(usual) & ~np.isnan(seen)
    actual, count = trailing_sum(np.where(both, seen, UNKNOWN), hours)
    expected, _ = trailing_sum(np.where(both, usual, UNKNOWN), hours)
    small = track.cushion * hours
    ratio = np.log((actual + small) / (expected + small)).astype(np.float32)
    ratio = np.where(count >= 0.8 * hours, ratio, UNKNOWN)
    middle, ninth = refreshed_quantiles(
        np.abs(ratio), 28 * DAY, track.lag + hours, (0.5, 0.9), every=DAY, at_least=5 * DAY
    )
    return ratio, actual - expected, np.maximum(MAD * middle, ninth / np.float32(1.645))


DETECTOR = Detector(
    "rolling",
    "Hours that together are above the usual",
    "series",
    RollingSettings,
    run,
    frequencies=("h",),
    quiet_after_rise=3 * DAY,
    quiet_after_drop=3 * DAY,
    quiet_after_known=7 * DAY,
)
