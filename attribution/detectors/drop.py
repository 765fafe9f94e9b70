"""A day that costs far less than such a day usually does; said of final bills only, because a late
bill looks the same."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import DOLLARS, ERRORS, Detector, Marks, setting
from attribution.detectors.windows import shifted


@dataclass(frozen=True)
class DropSettings:
    z: float = setting(5, "usual errors below the expectation", low=6, high=4.2, of=ERRORS)
    missing: float = setting(20, "dollars below the expectation", low=30, high=10, of=DOLLARS)
    share: float = setting(0.5, "part below the expectation, two days in a row", low=0.6, high=0.4)
    long_z: float = setting(
        3.2, "usual errors below, three days in a row", low=4, high=2.6, of=ERRORS
    )
    alone: float = setting(0.7, "part below the expectation on a single day", low=0.8, high=0.6)
    holiday: float = setting(0.9, "part below the expectation on a holiday")


def run(track: Track, settings: DropSettings) -> Marks:
    age = track.ages[-1]
    expected = track.amount(track.low_log)
    missing = expected - track.actual(age)
    share = missing / np.maximum(expected, 1)
    z = track.z(age, track.low_log) / track.tail
    able = track.judged & (missing >= settings.missing) & (share >= settings.share)
    if track.panel.holiday is not None:
        able &= ~track.panel.holiday | (share >= settings.holiday)
    low = able & (z <= -settings.z)
    twice = low & shifted(low, 1)
    lowish = able & (z <= -settings.long_z)
    thrice = lowish & shifted(lowish, 1) & shifted(lowish, 2)
    # a first low day is told with the second, unless it is very low
    fires = twice | thrice | (low & (share >= settings.alone))
    return Marks({age: fires}, since=np.where(thrice, 2, twice).astype(np.int16))


DETECTOR = Detector(
    "drop",
    "A day far below the usual, once its bill is final",
    "series",
    DropSettings,
    run,
    rises=False,
    quiet_after_known=10,
)
