"""Hours in which hardly anything was spent: something stopped, or its telemetry did."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import Detector, Marks, setting
from attribution.detectors.windows import shifted

HOURS = 4


@dataclass(frozen=True)
class OutageSettings:
    share: float = setting(0.6, "part missing in each of four hours", low=0.75, high=0.5)
    missing: float = setting(8, "dollars missing over the four hours", low=16, high=5)
    z: float = setting(4, "usual errors below the expectation, mean of the four", low=5, high=3.4)


def run(track: Track, settings: OutageSettings) -> Marks:
    """Final values only: an hour that is not in yet looks the same."""
    age = track.ages[-1]
    expected = track.amount(track.low_log)
    missing = np.nan_to_num(expected - track.actual(age))
    low = track.judged & (missing >= settings.share * expected) & (missing > 0)
    z = -track.z(age, track.low_log) / track.tail
    run_ = [shifted(low, k) for k in range(HOURS)]
    total = sum(np.nan_to_num(shifted(missing, k)) for k in range(HOURS))
    mean = sum(np.nan_to_num(shifted(z.astype(np.float32), k)) for k in range(HOURS)) / HOURS
    fires = (
        run_[0] & run_[1] & run_[2] & run_[3]
        & (total >= settings.missing) & (mean >= settings.z)
    )  # fmt: skip
    return Marks({age: fires}, since=np.full(fires.shape, HOURS - 1, np.int16))


DETECTOR = Detector(
    "outage",
    "Four hours in which hardly anything was spent",
    "series",
    OutageSettings,
    run,
    rises=False,
    frequencies=("h",),
    quiet_after_known=48,
)
