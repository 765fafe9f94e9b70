"""The same use for more money: cost per unit of usage rose."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import MAD, Track, weekday_effect
from attribution.detectors.findings import DOLLARS, ERRORS, Detector, Marks, setting
from attribution.detectors.panel import has_usage
from attribution.detectors.windows import UNKNOWN, refreshed_quantiles, shifted


@dataclass(frozen=True)
class UnitCostSettings:
    share: float = setting(0.13, "part by which the cost per unit rose", low=0.2, high=0.1)
    z: float = setting(5, "usual errors of the cost per unit", low=6, high=4.2, of=ERRORS)
    alone: float = setting(
        9, "usual errors with which one day is enough", low=12, high=7, of=ERRORS
    )
    excess: float = setting(6, "dollars per day the rise costs", low=15, high=4, of=DOLLARS)
    floor: float = setting(0.015, "usual error assumed at least")


def run(track: Track, settings: UnitCostSettings) -> Marks:
    """Both of the last two days, or one very clear one, against the median of three weeks."""
    usage = track.panel.usage
    used = np.log(np.where(usage > 0, usage, UNKNOWN))
    last = track.ages[-1]
    unit = {age: track.log[age] - used for age in track.ages}
    week = weekday_effect(unit[last], 8)
    flat = unit[last] - week
    level = refreshed_quantiles(flat, 24, track.lag, (0.5,), every=3, at_least=10)[0]
    error = unit[last] - week - level
    middle, ninth = refreshed_quantiles(
        np.abs(error), 84, track.lag, (0.5, 0.9), every=7, at_least=14
    )
    sigma = np.maximum(MAD * middle, ninth * np.float32(0.85 / 1.645))
    sigma = np.maximum(sigma, np.float32(settings.floor))
    doubt = {age: np.sqrt(np.maximum(track.sigma[age] ** 2 - track.sigma[last] ** 2, 0))
             for age in track.ages}  # fmt: skip
    rose, sure = {}, {}
    for age in track.ages:
        rise = unit[age] - week - level
        actual = track.actual(age)
        z = rise / np.hypot(sigma, doubt[age])
        sure[age] = z >= settings.alone
        rose[age] = (
            track.judged
            & (z >= settings.z)
            & (rise >= np.log1p(settings.share))
            & (actual * -np.expm1(-rise) >= settings.excess)
        )
    fires = {}
    since = np.zeros(used.shape, np.int16)
    for age in track.ages:
        pair = rose[age] & shifted(rose[min(age + 1, last)], 1)
        fires[age] = pair | (rose[age] & sure[age])
        since[pair] = 1
    return Marks(fires, since=since)


DETECTOR = Detector(
    "unit_cost",
    "The same use for more money",
    "series",
    UnitCostSettings,
    run,
    needs_usage=True,
    concerns=lambda track: has_usage(track.panel),
    quiet_after_rise=14,
    quiet_after_known=14,
)
