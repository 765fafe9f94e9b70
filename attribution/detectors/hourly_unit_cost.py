"""The same use for more money, seen within hours."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import MAD, Track
from attribution.detectors.findings import Detector, Marks, setting
from attribution.detectors.hourly import DAY, trailing_median_of_days
from attribution.detectors.panel import has_usage
from attribution.detectors.windows import UNKNOWN, refreshed_quantiles, trailing_sum

HOURS = 6


@dataclass(frozen=True)
class HourlyUnitCostSettings:
    share: float = setting(0.13, "part by which the cost per unit rose", low=0.2, high=0.1)
    z: float = setting(6, "usual differences of the cost per unit over six hours", low=8, high=5)
    excess: float = setting(3, "dollars the rise costs in six hours", low=8, high=2)
    floor: float = setting(0.015, "usual difference assumed at least")


def run(track: Track, settings: HourlyUnitCostSettings) -> Marks:
    """Cost per unit over three and six hours against the median of the days before."""
    usage = np.where(track.panel.usage > 0, track.panel.usage, UNKNOWN)
    seen = track.actual(0)
    both = ~np.isnan(usage) & ~np.isnan(seen)
    final = track.actual(track.ages[-1])
    unit = np.log(np.maximum(final, np.float32(1e-3)) / usage).astype(np.float32)
    usual = trailing_median_of_days(unit, track.panel.periods, 7)
    fires = np.zeros(seen.shape, bool)
    for hours in (2, HOURS):
        cost, count = trailing_sum(np.where(both, seen, UNKNOWN), hours)
        used, _ = trailing_sum(np.where(both, usage, UNKNOWN), hours)
        rise = (np.log(np.maximum(cost, 1e-3) / np.maximum(used, 1e-9)) - usual).astype(np.float32)
        rise = np.where(count >= hours, rise, UNKNOWN)
        middle, ninth = refreshed_quantiles(
            np.abs(rise), 14 * DAY, track.lag + hours, (0.5, 0.95), every=DAY, at_least=3 * DAY
        )
        sigma = np.maximum(np.maximum(MAD * middle, ninth / np.float32(2)), settings.floor)
        strict = np.float32(1.4 if hours < HOURS else 1)
        fires |= (
            track.judged
            & (rise >= np.log1p(settings.share) * strict)
            & (rise >= settings.z * strict * sigma)
            & (cost * -np.expm1(-rise) >= settings.excess * hours / HOURS)
        )
    return Marks({0: fires}, since=np.ones(fires.shape, np.int16))


DETECTOR = Detector(
    "hourly_unit_cost",
    "The same use for more money, within hours",
    "series",
    HourlyUnitCostSettings,
    run,
    needs_usage=True,
    concerns=lambda track: has_usage(track.panel),
    frequencies=("h",),
    quiet_after_rise=5 * DAY,
    quiet_after_known=5 * DAY,
)
