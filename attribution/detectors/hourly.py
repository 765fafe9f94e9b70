"""What an hour was expected to cost: the track the hourly detectors read.

The expectation, on logarithms, is the level of the last day plus the profile of the hour, one for
working days and one for weekends and holidays, taken anew each day from whole days that are final.
"""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import MAD, Track
from attribution.detectors.calendar import month_siblings, weekdays_of
from attribution.detectors.findings import setting
from attribution.detectors.panel import FINAL_AGE, Panel
from attribution.detectors.windows import (
    UNKNOWN,
    endless,
    median_of,
    refreshed_quantiles,
    shifted,
    trailing_mean,
    trailing_median,
    trailing_sum,
)

DAY, WEEK = 24, 168


@dataclass(frozen=True)
class HourlySettings:
    level_hours: int = setting(24, "hours whose median is the level")
    profile_days: int = setting(15, "working days (half as many weekends) that give the profile")
    sigma_days: int = setting(21, "days whose errors give the usual error")
    sigma_floor: float = setting(0.06, "usual error assumed at least (0.06 is 6 %)")
    warm_hours: int = setting(7 * DAY, "hours of history below which only new resources are judged")
    young_hours: int = setting(21 * DAY, "hours of history below which an alarm needs more")


def hourly_track_of(panel: Panel, settings: HourlySettings) -> Track:
    """The baseline of an hourly panel."""
    final = np.where(panel.cost < 0, UNKNOWN, panel.cost)
    ages = (0, 1, 2, FINAL_AGE) if panel.seen is not None else (0,)
    lag = max(panel.lag, 1)
    mean = trailing_mean(final, 14 * DAY, lag)
    first = panel.visible(0)
    cushion = np.where(np.isnan(mean), first, mean) * np.float32(0.05) + np.float32(0.05)
    cushion = np.where(np.isnan(cushion), np.float32(0.05), np.maximum(cushion, np.float32(0.05)))
    final_log = np.log(final + cushion)
    logs, doubt = _completed(panel, cushion, final_log, ages)
    teach = final_log
    if panel.in_known is not None:
        teach = np.where(panel.in_known, UNKNOWN, teach)
    profile, low_profile = _profile(teach, panel, settings)
    flat = {age: one - profile for age, one in logs.items()}
    taught = teach - profile
    level = _level(flat, taught, ages, settings.level_hours)
    slow = trailing_median_of_days(taught, panel.periods, 7)
    plain = level + profile
    history = np.cumsum(shifted(~np.isnan(final), lag), axis=1)
    errors = np.where(history >= 5 * DAY, teach - plain, UNKNOWN)
    rough = _sigma(errors, lag, settings)[0]
    expected_log = plain + _again(errors, panel.periods, rough)
    sigma, tail = _sigma(np.where(np.isnan(errors), UNKNOWN, teach - expected_log), lag, settings)
    young = np.clip((settings.young_hours - history) / settings.young_hours, 0, 1)
    return Track(
        panel=panel,
        ages=ages,
        cushion=cushion,
        mean=mean,
        log=logs,
        flat=flat,
        sigma={age: np.hypot(sigma, doubt[age]) for age in ages},
        expected_log=expected_log,
        echo=np.float32(0),
        low_log=level + low_profile,
        level=slow,
        growth=np.float32(0),
        tail=tail * (1 + young * np.float32(0.5)),
        history=history,
        irregular=_often_idle(final, lag),
        warm_days=settings.warm_hours,
        usual=np.maximum(np.exp(slow + profile) - cushion, 0),
    )


def _completed(panel, cushion, final_log, ages) -> tuple[dict, dict]:
    logs, doubt = {}, {}
    for age in ages:
        if panel.seen is None or age >= FINAL_AGE:
            logs[age], doubt[age] = final_log, np.float32(0)
            continue
        seen = panel.visible(age)
        log = np.log(np.where(seen < 0, UNKNOWN, seen) + cushion)
        middle, high = refreshed_quantiles(
            log - final_log, 7 * DAY, FINAL_AGE, (0.5, 0.9), every=DAY, at_least=DAY
        )
        middle = np.where(np.isnan(middle), 0, middle)
        spread = np.where(np.isnan(high), np.float32(0.1), (high - middle) / np.float32(1.28))
        logs[age] = log - middle
        doubt[age] = np.maximum(spread, 0)
    return logs, doubt


def _by_days(values: np.ndarray, periods: np.ndarray) -> tuple[np.ndarray, int]:
    """(series, days, 24) and how many hours of the first day are missing."""
    before = int(periods[0].astype(np.int64) % DAY)
    days = -(-(before + periods.size) // DAY)
    padded = np.full((values.shape[0], days * DAY), UNKNOWN, np.float32)
    padded[:, before : before + periods.size] = values
    return padded.reshape(values.shape[0], days, DAY), before


def _flattened(values: np.ndarray, before: int, count: int) -> np.ndarray:
    return values.reshape(values.shape[0], -1)[:, before : before + count]


def _profile(logs: np.ndarray, panel: Panel, settings: HourlySettings) -> tuple:
    """How each hour differs from the week before it: per kind of day the median over the last days
    of that kind, two days old or older; and the least it may be, on holidays that of a day of
    rest."""
    if panel.holiday is not None:
        logs = np.where(panel.holiday, UNKNOWN, logs)
    total, count = trailing_sum(logs, WEEK)
    apart = logs - np.where(count >= DAY, total / np.maximum(count, 1), UNKNOWN)
    cube, before = _by_days(apart, panel.periods)
    start = panel.periods[0].astype("datetime64[D]")
    rest = weekdays_of(start + np.arange(cube.shape[1])) >= 5

    known = endless(cube)

    def median_on(columns):
        stack = []
        for k in range(columns.shape[1]):
            one = known[:, np.maximum(columns[:, k], 0)]
            one[:, columns[:, k] < 0] = np.inf
            stack.append(one)
        return _flattened(median_of(stack, at_least=2), before, logs.shape[1])

    profile = median_on(_alike(rest, rest, settings.profile_days))
    if panel.holiday is None or not panel.holiday.any():
        return profile, profile
    resting = median_on(_alike(rest, np.ones_like(rest), settings.profile_days))
    return profile, np.where(panel.holiday, np.fmin(profile, resting), profile)


def _alike(rest: np.ndarray, kind: np.ndarray, most: int) -> np.ndarray:
    """(days, most) the latest earlier days of rest or not, as `kind` asks for each day, two days
    back or more; -1: none. Days of rest take half as many: older ones say little."""
    columns = np.full((rest.size, most), -1)
    for day in range(rest.size):
        same = np.flatnonzero(rest[: max(day - 1, 0)] == kind[day])
        take = same[-(most if not kind[day] else most // 2 + 1) :]
        columns[day, : take.size] = take[::-1]
    return columns


def _level(flat, taught, ages, hours: int) -> np.ndarray:
    stack = [shifted(endless(flat[age]), age, np.inf) for age in ages if 0 < age < FINAL_AGE]
    known = endless(taught)
    stack += [shifted(known, k, np.inf) for k in range(len(stack) + 1, hours + 1)]
    return median_of(stack, at_least=6)


def trailing_median_of_days(flat: np.ndarray, periods: np.ndarray, days: int) -> np.ndarray:
    """The median, over the last whole days before the day of each hour but one, of their means."""
    cube, before = _by_days(flat, periods)
    known = ~np.isnan(cube)
    mean = np.where(
        known.sum(axis=2) >= 12,
        np.where(known, cube, 0).sum(axis=2) / np.maximum(known.sum(axis=2), 1),
        UNKNOWN,
    ).astype(np.float32)
    slow = trailing_median(mean, days, 2, at_least=3)
    return _flattened(np.repeat(slow, DAY, axis=1), before, flat.shape[1])


def _sigma(errors, lag: int, settings: HourlySettings) -> tuple[np.ndarray, np.ndarray]:
    """The usual error, and how much larger rare errors are than a normal distribution's."""
    middle, ninth, rare = refreshed_quantiles(
        np.abs(errors), settings.sigma_days * DAY, lag, (0.5, 0.9, 0.985), every=DAY, at_least=48
    )
    sigma = np.maximum(MAD * middle, ninth / np.float32(1.645))
    sigma = np.maximum(sigma, np.float32(settings.sigma_floor))
    return sigma, np.clip(rare / (np.float32(2.6) * sigma), 1, 2)


def _again(errors: np.ndarray, periods: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """What stood out at the same hour of the last two weeks, or at this turn of the last month, is
    expected again."""
    week, fortnight = shifted(errors, WEEK), shifted(errors, 2 * WEEK)
    weekly = np.where(np.isnan(fortnight), week, np.minimum(week, fortnight))
    effect = np.where(weekly > 2 * sigma, weekly, 0)
    column, turn = _month_before(periods)
    inside = (column >= 0) & turn
    monthly = np.full_like(errors, UNKNOWN)
    monthly[:, inside] = errors[:, column[inside]]
    return np.where(monthly > 3 * sigma, np.fmax(effect, monthly), effect).astype(np.float32)


def _month_before(periods: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The column of the same hour of the same day a month earlier (-1 outside), and whether the day
    is at a turn of the month."""
    days = periods.astype("datetime64[D]")
    unique, place = np.unique(days, return_inverse=True)
    siblings, turn = month_siblings(unique)
    back = siblings[0]
    hour = periods.astype(np.int64) % DAY
    first = int(periods[0].astype(np.int64) % DAY)
    column = back[place] * DAY + hour - first
    return np.where((back[place] < 0) | (column < 0), -1, column), turn[place]


def _often_idle(final: np.ndarray, lag: int) -> np.ndarray:
    """Series that cost nothing in a tenth of their hours or more: no level to speak of."""
    idle = np.where(np.isnan(final), UNKNOWN, (final <= 0).astype(np.float32))
    return trailing_mean(idle, 14 * DAY, lag, at_least=DAY) > np.float32(0.1)
