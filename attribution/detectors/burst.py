"""Hours that cost far more than such hours usually do."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import Detector, Marks, setting
from attribution.detectors.hourly import DAY
from attribution.detectors.windows import shifted


@dataclass(frozen=True)
class BurstSettings:
    z: float = setting(5, "usual errors above the expectation, in two of three hours", 6.5, 4.2)
    alone: float = setting(9, "the same for one hour to be enough", low=14, high=7)
    history: float = setting(21 * DAY, "hours of history with which one hour may be enough")
    share: float = setting(0.5, "part above the expectation", low=0.7, high=0.4)
    excess: float = setting(8, "dollars above the expectation over the three hours", 16, 5)


def run(track: Track, settings: BurstSettings) -> Marks:
    """Two of the last three hours, each as seen with the last; or one that leaves no doubt."""
    last = track.ages[-1]
    high, excess, sure = {}, {}, {}
    for age in track.ages:
        z = track.z(age) / track.tail
        apart = track.actual(age) - track.expected
        high[age] = track.judged & (z >= settings.z) & (apart >= settings.share * track.expected)
        sure[age] = high[age] & (z >= settings.alone) & (track.history >= settings.history)
        excess[age] = np.nan_to_num(apart)
    fires = {}
    since = np.zeros(track.mean.shape, np.int16)
    for age in track.ages:
        older = [min(age + k, last) for k in (1, 2)]
        before, second = shifted(high[older[0]], 1), shifted(high[older[1]], 2)
        total = excess[age] + sum(
            np.nan_to_num(shifted(excess[old], k)) for k, old in enumerate(older, 1)
        )
        enough = total >= settings.excess
        fires[age] = high[age] & (before | second | sure[age]) & enough
        since[fires[age] & before] = 1
        since[fires[age] & second] = 2
    return Marks(fires, since=since)


DETECTOR = Detector(
    "burst",
    "Hours far above the usual",
    "series",
    BurstSettings,
    run,
    frequencies=("h",),
    quiet_after_known=48,
)
