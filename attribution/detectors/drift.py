"""A level that creeps up week after week, faster than it grew before."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import MAD, WEEK, Track
from attribution.detectors.findings import DOLLARS, ERRORS, Detector, Marks, setting
from attribution.detectors.panel import FINAL_AGE
from attribution.detectors.windows import (
    endless,
    fewer_errors,
    median_of,
    refreshed_quantiles,
    shifted,
)

WEEKS = (3, 5, 8)


@dataclass(frozen=True)
class DriftSettings:
    share: float = setting(0.4, "growth beyond the earlier growth", low=0.5, high=0.3)
    long_share: float = setting(0.6, "the same over the longest span", low=0.8, high=0.45)
    excess: float = setting(20, "dollars per day by which it grew", low=40, high=10, of=DOLLARS)
    z: float = setting(
        2.7, "usual weekly steps, times the root of the weeks", low=3.2, high=2.2, of=ERRORS
    )
    up: float = setting(0.8, "part of the weeks that rose")
    step: float = setting(0.6, "part of the growth that one week may bring: more is a jump")
    dear: float = setting(
        200, "dollars per day from which fewer usual steps are enough", of=DOLLARS
    )
    relief: float = setting(0.5, "part fewer, at ten times as much", low=0.35, high=0)
    history: float = setting(70, "days of history needed")


def run(track: Track, settings: DriftSettings) -> Marks:
    """Medians of whole weeks, over three spans."""
    last = track.ages[-1]
    newest = [
        shifted(endless(track.flat[min(age, FINAL_AGE) if last else 0]), age, np.inf)
        for age in range(WEEK)
    ]
    week = median_of(newest, at_least=4)
    steps = [shifted(week, WEEK * k) - shifted(week, WEEK * (k + 1)) for k in range(max(WEEKS))]
    usual = (
        MAD
        * refreshed_quantiles(np.abs(steps[0]), 112, track.lag, (0.5,), every=WEEK, at_least=28)[0]
    )
    usual = np.maximum(usual, np.float32(0.015))
    fires = np.zeros(week.shape, bool)
    since = np.zeros(week.shape, np.int16)
    for weeks in WEEKS:
        fired = _over(track, settings, week, steps, usual, weeks)
        since[fired & ~fires] = WEEK * weeks - WEEK
        fires |= fired
    return Marks({0: fires & track.judged & (track.history >= settings.history)}, since=since)


def _over(track, settings, week, steps, usual, weeks: int) -> np.ndarray:
    before = shifted(week, WEEK * weeks)
    grown = week - before
    earlier = shifted(week, WEEK * weeks) - shifted(week, WEEK * 2 * weeks)
    rise = grown - np.where(np.isnan(earlier), 0, np.maximum(earlier, 0))
    ups = sum((step > np.float32(0.01)).astype(np.int8) for step in steps[:weeks])
    largest = steps[0]
    for step in steps[1:weeks]:
        largest = np.maximum(largest, step)
    excess = track.amount(week) - track.amount(before)
    fewer = fewer_errors(excess, settings.dear, settings.relief)
    return (
        (rise >= np.log1p(settings.share if weeks < max(WEEKS) else settings.long_share))
        & (rise >= settings.z * fewer * usual * np.float32(weeks**0.5))
        & (ups >= settings.up * weeks)
        & (largest <= settings.step * grown)
        & (excess >= settings.excess)
    )


DETECTOR = Detector(
    "drift",
    "A level that creeps up week after week",
    "series",
    DriftSettings,
    run,
    quiet_after_rise=56,
    quiet_after_drop=35,
    quiet_after_known=63,
)
