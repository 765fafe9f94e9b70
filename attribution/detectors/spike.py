"""A day that costs far more than such a day usually does."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import DOLLARS, ERRORS, Detector, Marks, setting
from attribution.detectors.windows import shifted


@dataclass(frozen=True)
class SpikeSettings:
    z: float = setting(4.6, "usual errors above the expectation", low=6.6, high=3.8, of=ERRORS)
    pair_z: float = setting(
        3.4, "the same on each of two days in a row", low=5.2, high=2.8, of=ERRORS
    )
    excess: float = setting(20, "dollars above the expectation", low=30, high=10, of=DOLLARS)
    share: float = setting(0.3, "part above the expectation", low=0.35, high=0.25)


def run(track: Track, settings: SpikeSettings) -> Marks:
    """A day is judged on each value it has while its bill is coming in."""
    fires, near = {}, {}
    last = track.ages[-1]
    base = np.maximum(track.expected, np.float32(0.25) * track.mean)
    for age in track.ages:
        excess = track.actual(age) - track.expected
        z = track.z(age) / track.tail
        dear = track.judged & (excess >= settings.excess) & (excess >= settings.share * base)
        fires[age] = dear & (z >= settings.z)
        near[age] = dear & (z >= settings.pair_z)
    since = np.zeros(track.mean.shape, np.int16)
    for age in track.ages:
        pair = near[age] & shifted(near[min(age + 1, last)], 1)
        since[pair & ~fires[age]] = 1
        fires[age] |= pair
    return Marks(fires, since=since)


DETECTOR = Detector(
    "spike", "A day far above the usual", "series", SpikeSettings, run, quiet_after_known=21
)
