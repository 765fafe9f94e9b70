"""Jobs that come and go: one that costs or lasts far more than any before."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import Detector, Marks, setting
from attribution.detectors.windows import UNKNOWN, refreshed_quantiles, trailing_max, trailing_sum

RECORD_DAYS = 182


@dataclass(frozen=True)
class IrregularSettings:
    day: float = setting(1.9, "times the 95th percentile of its working days", low=2.8, high=1.7)
    fortnight: float = setting(1.9, "times its dearest fortnight so far", low=2.4, high=1.6)
    run_cost: float = setting(2.3, "times the dearest run so far", low=3, high=1.9)
    run: float = setting(1.8, "times its longest run so far", low=2.4, high=1.5)
    run_days: float = setting(9, "days a run must last", low=12, high=7)
    excess: float = setting(20, "dollars above what was usual", low=40, high=10)
    history: float = setting(56, "days since its first cost")


def run(track: Track, settings: IrregularSettings) -> Marks:
    """The day, the fortnight and the length of the run, each against the records before."""
    final = np.nan_to_num(track.panel.cost)
    working = np.where(final > 0.05 * np.nan_to_num(track.mean), final, UNKNOWN)
    dear = refreshed_quantiles(working, RECORD_DAYS, track.lag, (0.95,), every=7, at_least=5)[0]
    # with few working days the dearest of them stands for their upper end
    dear = np.where(np.isnan(dear), _record(np.nan_to_num(working), track.lag), dear)
    begun = np.cumsum(np.cumsum(final > 0, axis=1) > 0, axis=1)
    able = track.irregular & (begun >= settings.history)
    seen = np.nan_to_num(track.actual(0))
    fires = {}
    for age in track.ages:
        cost = np.nan_to_num(track.actual(age))
        fires[age] = able & (cost >= settings.day * dear) & (cost - dear >= settings.excess)
    fortnight = trailing_sum(final, 14, 1)[0] + seen
    record = _record(fortnight, 14 + track.lag)
    fires[0] |= (
        able
        & (seen > 0)
        & (fortnight >= settings.fortnight * record)
        & (fortnight - record >= 3 * settings.excess)
        & (seen >= 0.3 * dear)
    )
    on = seen > 0.05 * np.nan_to_num(track.mean) + 0.5
    length = _run_total(np.ones_like(seen), on)
    cost = _run_total(seen, on)
    # a run is held against those before it began
    longest = _held_before(_record(length, 1), length)
    dearest = _held_before(_record(cost, 1), length)
    long = (length >= settings.run_days) & (length >= settings.run * longest)
    costly = (cost >= settings.run_cost * dearest) & (dearest > 0)
    fires[0] |= able & (long | costly) & (cost - dearest >= 3 * settings.excess)
    return Marks(fires)


def _record(values: np.ndarray, lag: int) -> np.ndarray:
    """The largest of half a year."""
    return trailing_max(values, RECORD_DAYS, lag)


def _run_total(values: np.ndarray, on: np.ndarray) -> np.ndarray:
    """The sum of the values over the days in a row, up to each day, that were on."""
    total = np.cumsum(np.where(on, values, 0), axis=1, dtype=np.float64)
    off = np.maximum.accumulate(np.where(on, 0, total), axis=1)
    return (total - off).astype(np.float32)


def _held_before(longest: np.ndarray, length: np.ndarray) -> np.ndarray:
    """The record as it stood when the current run began."""
    columns = np.arange(length.shape[1])[None, :]
    start = np.maximum(columns - length.astype(int), 0)
    return np.take_along_axis(longest, start, axis=1)


DETECTOR = Detector(
    "irregular",
    "A job that costs or lasts far more than any before",
    "series",
    IrregularSettings,
    run,
    concerns=lambda track: track.irregular.any(axis=1),
)
