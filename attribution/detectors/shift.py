"""A level that rose and stayed."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import MAD, Track
from attribution.detectors.findings import DOLLARS, ERRORS, Detector, Marks, setting
from attribution.detectors.panel import FINAL_AGE
from attribution.detectors.windows import fewer_errors, refreshed_quantiles, shifted

DAYS = 5
GAP_DAYS = 9.5  # between the middle of the level before and the middle of the five days


@dataclass(frozen=True)
class ShiftSettings:
    share: float = setting(0.25, "part by which the level rose", low=0.3, high=0.2)
    excess: float = setting(20, "dollars per day by which it rose", low=30, high=10, of=DOLLARS)
    z: float = setting(4, "usual errors of such a mean", low=6, high=3.4, of=ERRORS)
    own: float = setting(
        4.2, "usual moves of this series over as many days", low=5, high=3, of=ERRORS
    )
    own_cap: float = setting(0.15, "usual moves count as at most so large")
    dear: float = setting(
        200, "dollars per day from which fewer usual errors are enough", of=DOLLARS
    )
    relief: float = setting(0.3, "part fewer, at ten times as much", low=0, high=0)
    history: float = setting(45, "days of history needed")


def run(track: Track, settings: ShiftSettings) -> Marks:
    """The mean of five days against the level before them."""
    days = last_days(track, DAYS)
    before = shifted(track.level + np.float32(GAP_DAYS) * track.growth, DAYS - 1)
    mean = sum(days) / np.float32(DAYS)
    rise = mean - before
    middle, ninth = refreshed_quantiles(
        np.abs(rise), 112, track.lag, (0.5, 0.9), every=7, at_least=20
    )
    usual = np.maximum(MAD * middle, ninth * np.float32(0.85 / 1.645))
    usual = np.minimum(usual, np.float32(settings.own_cap))
    least = np.log1p(settings.share)
    up = sum((day - before >= least / 2).astype(np.int8) for day in days)
    sigma = track.sigma[track.ages[-1]]
    excess = track.amount(mean) - track.amount(before)
    fewer = fewer_errors(excess, settings.dear, settings.relief)
    fires = (
        track.judged
        & (track.history >= settings.history)
        & (rise >= least)
        & (rise >= settings.z * fewer * sigma / np.float32(DAYS**0.5))
        & (rise >= settings.own * fewer * usual)
        & (up >= DAYS - 1)
        & (excess >= settings.excess)
    )
    return Marks({0: fires}, since=np.full(fires.shape, DAYS - 1, np.int16))


def last_days(track: Track, count: int) -> list[np.ndarray]:
    """The last days without weekday shape, each as it is seen on the last of them."""
    last = track.ages[-1]
    return [shifted(track.flat[min(age, FINAL_AGE) if last else 0], age) for age in range(count)]


DETECTOR = Detector(
    "shift",
    "A level that rose and stayed",
    "series",
    ShiftSettings,
    run,
    quiet_after_rise=21,
    quiet_after_drop=35,
    quiet_after_known=28,
)
