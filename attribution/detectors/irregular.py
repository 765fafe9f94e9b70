"""Jobs that come and go: one that costs or lasts far more than any before."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import DOLLARS, Detector, Marks, setting
from attribution.detectors.windows import (
    UNKNOWN,
    refreshed_quantiles,
    shifted,
    trailing_max,
    trailing_sum,
)

RECORD_DAYS = 182


@dataclass(frozen=True)
class IrregularSettings:
    day: float = setting(1.9, "times the 95th percentile of its working days", low=2.8, high=1.7)
    fortnight: float = setting(2.1, "times its dearest fortnight so far", low=2.6, high=1.8)
    run_cost: float = setting(2.6, "times the dearest run so far", low=3.4, high=2.1)
    run: float = setting(2, "times its longest run so far", low=2.6, high=1.7)
    run_days: float = setting(9, "days a run must last", low=12, high=7)
    rise: float = setting(1.5, "times by which one run raises the record at most")
    young: float = setting(100, "days since its first cost until which any run is a record")
    excess: float = setting(20, "dollars above what was usual", low=40, high=10, of=DOLLARS)
    history: float = setting(56, "days since its first cost")


def run(track: Track, settings: IrregularSettings) -> Marks:
    """The day, the fortnight and the length of the run, each against the records before."""
    mean = np.nan_to_num(track.mean)
    working = np.where(track.panel.cost > 0.05 * mean, track.panel.cost, UNKNOWN)
    top, upper = refreshed_quantiles(
        working, RECORD_DAYS, track.lag, (0.95, 0.75), every=7, at_least=5
    )
    # one dear job must not hide the next: the upper end lies not far above the upper quarter
    dear = np.minimum(top, np.float32(1.6) * upper)
    # with few working days the dearest of them stands for their upper end
    dear = np.where(np.isnan(dear), trailing_max(working, RECORD_DAYS, track.lag), dear)
    able = track.irregular & (track.since_first >= settings.history)
    fires = {}
    for age in track.ages:
        cost = np.nan_to_num(track.actual(age))
        fires[age] = able & (cost >= settings.day * dear) & (cost - dear >= settings.excess)
    fires[0] |= able & (_fortnight(track, dear, settings) | _long_run(track, mean, settings))
    return Marks(fires)


def _fortnight(track: Track, dear, settings: IrregularSettings) -> np.ndarray:
    """The last 14 days, each as it is seen on the last of them, against any 14 days before."""
    seen = np.nan_to_num(track.actual(0))
    days = [shifted(np.nan_to_num(track.actual(age)), age, 0) for age in track.ages[:-1]]
    days = days or [seen]
    older, _ = trailing_sum(np.nan_to_num(track.panel.cost), 14 - len(days), len(days))
    total = older + sum(days)
    record = trailing_max(total, RECORD_DAYS, 14 + track.lag)
    return (
        (seen >= 0.3 * dear)
        & (seen > 0)
        & (total >= settings.fortnight * record)
        & (total - record >= 3 * settings.excess)
    )


def _long_run(track: Track, mean, settings: IrregularSettings) -> np.ndarray:
    """The run that goes on, against those before it began."""
    seen = np.nan_to_num(track.actual(0))
    on = seen > 0.05 * mean + 0.5
    length = _run_total(np.ones_like(seen), on)
    cost = _run_total(seen, on)
    longest, dearest = (_records(one, on, track.since_first, settings) for one in (length, cost))
    long = (length >= settings.run_days) & (length >= settings.run * longest)
    costly = (cost >= settings.run_cost * dearest) & (dearest > 0)
    return (long | costly) & (cost - dearest >= 3 * settings.excess)


def _run_total(values: np.ndarray, on: np.ndarray) -> np.ndarray:
    """The sum of the values over the days in a row, up to each day, that were on."""
    total = np.cumsum(np.where(on, values, 0), axis=1, dtype=np.float64)
    off = np.maximum.accumulate(np.where(on, 0, total), axis=1)
    return (total - off).astype(np.float32)


def _records(run: np.ndarray, on, age, settings: IrregularSettings) -> np.ndarray:
    """The record as it stood when the run of each day began. Once a series is no longer young a run
    raises it by little, so that one anomaly does not hide the next; it fades by half in a year."""
    held = np.zeros_like(run)
    record = np.zeros(run.shape[0], np.float32)
    began = record.copy()
    for day in range(run.shape[1]):
        starts = on[:, day] & (~on[:, day - 1] if day else True)
        began = np.where(starts, record, began)
        held[:, day] = np.where(on[:, day], began, record)
        young = (age[:, day] < settings.young) | (began == 0)
        most = np.where(young, np.inf, np.float32(settings.rise) * began)
        record = np.maximum(record * np.float32(0.998), np.minimum(run[:, day], most))
    return held


DETECTOR = Detector(
    "irregular",
    "A job that costs or lasts far more than any before",
    "series",
    IrregularSettings,
    run,
    concerns=lambda track: track.irregular.any(axis=1),
)
