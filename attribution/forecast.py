"""Where a month, a quarter or a year will end: p50 and an 80 % band, for many series at once.

What is in so far, late days completed, and for each day to come level x weekday x growth x turn of
the month, five ways: three levels, two of them also with growth. The ways are weighed by how they
did at the same distance in the past (rolling origin, Tashman 2000), each series' own errors drawn
towards those of all; what the weighed forecast was then off by gives the band.

Costs are floats: a forecast is never booked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from aicost.kernel.periods import month_start, next_month
from attribution.detectors.calendar import weekdays_of
from attribution.detectors.findings import setting
from attribution.detectors.panel import FINAL_AGE, Panel

WEEK = 7


class NotEnoughData(ValueError):
    """A forecast that cannot be made, and why."""


@dataclass(frozen=True)
class ForecastSettings:
    window_days: int = setting(56, "days looked at for weekdays, caps and growth")
    quick_days: float = setting(3, "age at which a day counts half for the quick level")
    middle_days: float = setting(8, "the same for the middle level")
    slow_days: float = setting(24, "the same for the slow level")
    trust: float = setting(4, "power of past errors by which the levels are weighed")
    cap: float = setting(0.9, "quantile beyond which a day counts no more for the level")
    growth_share: float = setting(1.1, "how much of the measured growth is carried on, in two ways")
    growth_cap: float = setting(0.012, "growth per day at most, up or down")
    damping: float = setting(0.99, "how much of yesterday's growth is left each day")
    turn_share: float = setting(0.1, "how far off the last days of two months must have been")
    origins: int = setting(14, "earlier forecasts the band is taken from, a week apart")
    pool_weight: float = setting(6, "how many errors of its own the errors of all series count as")
    low: float = setting(0.08, "quantile of the errors for p10 (wider: the past is not the future)")
    high: float = setting(0.92, "quantile of the errors for p90")


@dataclass(frozen=True)
class Forecast:
    """Of one period, per series: `p50`, `p10`, `p90` of its total, `so_far` what of it was visible,
    `reason` why there is no forecast ("" where there is one; the figures are NaN). `ahead` is what
    p50 takes each day to come to cost, (series, days), from the day after the one of asking or the
    first of the period; it and `so_far` make p50. `errors` are those of the earlier forecasts the
    band is taken from, (series, origins) as logarithms, and `stretch` what they are times of."""

    period_start: date
    period_end: date  # excluded
    p50: np.ndarray
    p10: np.ndarray
    p90: np.ndarray
    so_far: np.ndarray
    reason: tuple[str, ...]
    ahead: np.ndarray
    errors: np.ndarray
    stretch: float


def month_end(panel: Panel, as_of: date, settings: ForecastSettings | None = None) -> Forecast:
    """Of the month of a day, seen on its evening."""
    return period_end(panel, as_of, month_start(as_of), next_month(as_of), settings)


def quarter_end(panel: Panel, as_of: date, settings: ForecastSettings | None = None) -> Forecast:
    """Of the calendar quarter of a day."""
    start = date(as_of.year, as_of.month - (as_of.month - 1) % 3, 1)
    end = next_month(next_month(next_month(start)))
    return period_end(panel, as_of, start, end, settings)


def year_end(panel: Panel, as_of: date, settings: ForecastSettings | None = None) -> Forecast:
    """Of the calendar year of a day."""
    return period_end(panel, as_of, date(as_of.year, 1, 1), date(as_of.year + 1, 1, 1), settings)


def period_end(
    panel: Panel, as_of: date, start: date, end: date, settings: ForecastSettings | None = None
) -> Forecast:
    """Of any days from `start` to before `end`, seen on the evening of `as_of`: the newest value
    is the first one of that day. Raises NotEnoughData for a day outside the data."""
    settings = settings or ForecastSettings()
    first = panel.periods[0].astype(object)
    origin = (as_of - first).days
    if panel.hourly:
        raise NotEnoughData("forecasts are made of days: add the hours up")
    if not 0 <= origin < panel.periods.size:
        raise NotEnoughData(
            f"{as_of} is not among the days of the data, {first} to {panel.periods[-1]}"
        )
    begin, finish = (start - first).days, (end - first).days
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        seen, known = _visible(panel, origin)
        past, actual, stretch = _rehearsals(panel, origin, begin, finish, settings)
        weights = _weights(past, actual, settings)
        so_far = _so_far(seen, known, origin, begin, finish)
        days = np.arange(max(begin, origin + 1), finish)
        by_day = sum(
            way * weights[:, n, None]
            for n, way in enumerate(_each_way(panel, seen, known, origin, days, settings))
        )
        total = so_far + by_day.sum(axis=1)
        errors = _errors((past * weights[:, None, :]).sum(axis=2), actual)
        low, high = _band(errors, stretch, settings)
        if finish <= origin + 1:
            low = high = np.zeros(len(panel.series))
        reason = _reasons(known, origin)
    lacking = np.array([bool(text) for text in reason])
    total = np.where(lacking, np.nan, np.maximum(total, 0))
    floor = np.minimum(so_far, total)
    return Forecast(
        start,
        end,
        total,
        np.where(lacking, np.nan, np.maximum(total * np.exp(low), floor)),
        np.where(lacking, np.nan, np.maximum(total * np.exp(high), floor)),
        so_far,
        reason,
        by_day,
        errors,
        stretch,
    )


def ratio_band(
    found: Forecast, over: int, under: int, settings: ForecastSettings | None = None
) -> tuple[float, float]:
    """The logarithms of p10 and p90 over p50 of one series' total by another's, such as cost by
    calls: from how far off that ratio was in the earlier forecasts. What moves both alike, as more
    calls do, moves it not at all."""
    if not found.ahead.shape[1]:
        return 0.0, 0.0
    errors = (found.errors[over] - found.errors[under])[None, :]
    low, high = _band(errors, found.stretch, settings or ForecastSettings())
    return float(low[0]), float(high[0])


def _reasons(known: np.ndarray, origin: int) -> tuple[str, ...]:
    reasons = []
    for row in known:
        days = np.flatnonzero(row)
        if days.size == 0:
            reasons.append("no cost is known by that day")
        elif origin + 1 - days[0] < WEEK:
            reasons.append(f"{origin + 1 - days[0]} days of history; a week is needed")
        else:
            reasons.append("")
    return tuple(reasons)


def _visible(panel: Panel, origin: int) -> tuple[np.ndarray, np.ndarray]:
    """Costs up to `origin` as they were visible on its evening, late ones completed by what they
    usually become; and where they are known. (series, origin + 1) each."""
    values = panel.cost[:, : origin + 1].astype(np.float64)
    if panel.seen is not None:
        for age, seen in enumerate(panel.seen):
            column = origin - age
            if column >= 0:
                values[:, column] = seen[:, column] * _completion(panel, age, origin)
    known = ~np.isnan(values)
    return values, known


def _completion(panel: Panel, age: int, origin: int) -> np.ndarray:
    """What a value of that age is usually multiplied by in the end: the ratio of sums over the
    eight weeks before, so that dear days count more."""
    end = origin - FINAL_AGE + 1
    begin = max(end - 56, 0)
    final, seen = panel.cost[:, begin:end], panel.seen[age][:, begin:end]
    both = ~np.isnan(final) & ~np.isnan(seen)
    bottom = np.where(both, seen, 0).sum(axis=1)
    ratio = np.where(bottom > 0, np.where(both, final, 0).sum(axis=1) / bottom, 1)
    return np.clip(ratio, 0.9, 4)


def _so_far(seen, known, origin, begin, finish) -> np.ndarray:
    """What of the period is in."""
    inside = slice(max(begin, 0), max(min(finish, origin + 1), 0))
    return np.where(known[:, inside], seen[:, inside], 0).sum(axis=1)


def _totals(panel, seen, known, origin, begin, finish, settings) -> np.ndarray:
    """(series, ways): the period's total by each way."""
    ahead = np.arange(max(begin, origin + 1), finish)
    ways = _each_way(panel, seen, known, origin, ahead, settings)
    rest = np.stack([way.sum(axis=1) for way in ways], axis=1)
    return _so_far(seen, known, origin, begin, finish)[:, None] + rest


def _each_way(panel, seen, known, origin, ahead: np.ndarray, settings) -> Iterator[np.ndarray]:
    """(series, days): the cost of each day ahead, one array a way."""
    begin = max(origin + 1 - settings.window_days, 0)
    window = np.where(known[:, begin:], np.maximum(seen[:, begin:], 0), np.nan)
    first = panel.periods[0].astype("datetime64[D]")
    weekday = weekdays_of(first + np.arange(begin, origin + 1))
    factors = _weekday_factors(window, weekday)
    each = factors[:, weekday]
    idle = np.where(np.isnan(window), 1, window <= 0).mean(axis=1) > 0.08
    growth = np.where(idle, 0, _growth(window / np.maximum(each, 0.05), settings))
    steps = (ahead - origin).astype(float)
    damped = (1 - settings.damping**steps) / (1 - settings.damping) * settings.damping
    days = factors[:, weekdays_of(first + ahead)] * _turn(
        panel, seen, known, origin, ahead, settings
    )
    for half_life, share in _ways(settings):
        level = _level(window, each, idle, half_life, settings)
        # growth since the level's middle, which is about so old, and from now on
        trend = np.exp(share * growth[:, None] * (damped[None, :] + min(half_life, 14)))
        yield level[:, None] * trend * days


def _ways(settings: ForecastSettings) -> list[tuple[float, float]]:
    """Half-life of the level and share of the growth, of each forecast that is weighed."""
    return [
        (settings.quick_days, 0.0),
        (settings.middle_days, 0.0),
        (settings.middle_days, settings.growth_share),
        (settings.slow_days, 0.0),
        (settings.slow_days, settings.growth_share),
    ]


def _weekday_factors(window: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """(series, 7): what a weekday costs of the mean of a week; 1 with less than three weeks."""
    series, days = window.shape
    factors = np.ones((series, WEEK))
    if days < 3 * WEEK:
        return factors
    total = np.nan_to_num(window).cumsum(axis=1)
    week = total[:, WEEK - 1 :] - np.pad(total, ((0, 0), (1, 0)))[:, : days - WEEK + 1]
    week = np.pad(week, ((0, 0), (WEEK // 2, WEEK // 2)), mode="edge") / WEEK
    share = window / np.where(week > 0, week, np.nan)
    for day in range(WEEK):
        factors[:, day] = _nanmedian(share[:, weekday == day])
    factors = np.where(np.isnan(factors), 1, factors)
    return np.maximum(factors / np.maximum(factors.mean(axis=1, keepdims=True), 1e-9), 0.01)


def _nanmedian(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values, axis=1)
    count = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(values.shape[0])
    low = ordered[rows, np.maximum(count - 1, 0) // 2]
    return np.where(count > 0, (low + ordered[rows, np.minimum(count // 2, values.shape[1] - 1)])
                    / 2, np.nan)  # fmt: skip


def _level(window, each, jobs, half_life: float, settings: ForecastSettings) -> np.ndarray:
    """Cost over weekday factors, recent days counting more, none beyond the cap."""
    flat = np.where(each > 0.2, window / each, np.nan)
    ordered = np.sort(flat, axis=1)
    count = (~np.isnan(flat)).sum(axis=1)
    place = np.maximum(((count - 1) * settings.cap).astype(int), 0)
    cap = ordered[np.arange(flat.shape[0]), place]
    cap = np.where(jobs | np.isnan(cap), np.inf, cap)
    known = ~np.isnan(window)
    capped = np.where(known, np.minimum(np.nan_to_num(window), cap[:, None] * each), 0)
    age = np.arange(window.shape[1])[::-1]
    weight = np.where(known, 0.5 ** (age / half_life), 0)
    return (capped * weight).sum(axis=1) / np.maximum((each * weight).sum(axis=1), 1e-12)


def _growth(flat: np.ndarray, settings: ForecastSettings) -> np.ndarray:
    """Growth per day: from the median of the last two weeks to that of those six weeks before, or
    with less history of the two weeks before."""
    days = flat.shape[1]
    if days < 4 * WEEK:
        return np.zeros(flat.shape[0])
    back = min(days - 2 * WEEK, 6 * WEEK)
    recent = _nanmedian(flat[:, days - 2 * WEEK :])
    before = _nanmedian(flat[:, days - 2 * WEEK - back : days - back])
    daily = np.log(np.maximum(recent, 1e-9) / np.maximum(before, 1e-9)) / back
    return np.nan_to_num(np.clip(daily, -settings.growth_cap, settings.growth_cap))


def _turn(panel, seen, known, origin, ahead, settings) -> np.ndarray:
    """(series, days ahead): what the first and last three days of a month cost of the days around
    them, if it was off by so much, the same way, in each of the last two or three months."""
    first = panel.periods[0].astype("datetime64[D]")
    factor = np.ones((seen.shape[0], ahead.size))
    place = _place_in_month(first + np.arange(origin + 1))
    coming = _place_in_month(first + ahead)
    weekday = weekdays_of(first + np.arange(origin + 1))
    for spot in (-3, -2, -1, 1, 2, 3):
        columns = np.flatnonzero(coming == spot)
        past = [day for day in np.flatnonzero(place == spot) if day >= 28][-3:]
        if columns.size == 0 or len(past) < 2:
            continue
        logs = []
        for day in past:
            # the same weekday of the three weeks before is what it would have been
            same = [other for other in range(day - 21, day) if weekday[other] == weekday[day]]
            usual = _nanmedian(np.where(known[:, same], seen[:, same], np.nan))
            value = np.where(known[:, day], seen[:, day], np.nan)
            logs.append(np.log((value + 0.01) / (usual + 0.01)))
        stack = np.stack(logs, axis=1)
        least = np.log1p(settings.turn_share)
        alike = (stack >= least).all(axis=1) | (stack <= -least).all(axis=1)
        effect = np.exp(np.clip(np.median(stack, axis=1), -1.5, 1.5))
        factor[:, columns] = np.where(alike, effect, 1)[:, None]
    return factor


def _place_in_month(days: np.ndarray) -> np.ndarray:
    """1, 2, 3 for the first days of a month, -1, -2, -3 for the last, 0 in between."""
    months = days.astype("datetime64[M]")
    number = (days - months.astype("datetime64[D]")).astype(int)
    left = ((months + 1).astype("datetime64[D]") - days).astype(int)
    return np.where(number < 3, number + 1, np.where(left <= 3, -left, 0))


def _rehearsals(panel, origin, begin, finish, settings) -> tuple[np.ndarray, np.ndarray, float]:
    """Earlier forecasts of as many days, so far and ahead, seen as they were then: (series,
    origins, ways) what was forecast and (series, origins) what came. With little history fewer days
    ahead are rehearsed; the third answer says by how much the band is then stretched."""
    ahead, so_far = finish - origin - 1, min(origin - begin + 1, 31)
    series = len(panel.series)
    tried = min(ahead, max((origin - 2 * WEEK) // 3, WEEK))
    past, actual = [np.full((series, len(_ways(settings))), np.nan)], [np.full(series, np.nan)]
    for back in range(settings.origins if ahead > 0 else 0):
        then = origin - FINAL_AGE - tried - WEEK * back
        first = then - so_far + 1
        if then < 3 * WEEK or first < 0:
            break
        seen, known = _visible(panel, then)
        totals = _totals(panel, seen, known, then, first, then + tried + 1, settings)
        came = np.nan_to_num(panel.cost[:, first : then + tried + 1].astype(float)).sum(axis=1)
        enough = (known.sum(axis=1) >= 3 * WEEK) & (came > 0)
        past.append(np.where(enough[:, None], totals, np.nan))
        actual.append(np.where(enough, came, np.nan))
    return np.stack(past, axis=1), np.stack(actual, axis=1), max(ahead / max(tried, 1), 1) ** 0.5


def _errors(forecast: np.ndarray, actual: np.ndarray) -> np.ndarray:
    return np.clip(np.log((actual + 0.01) / (np.maximum(forecast, 0) + 0.01)), -3, 3)


def _weights(past: np.ndarray, actual: np.ndarray, settings: ForecastSettings) -> np.ndarray:
    """(series, ways): how much each way is trusted: the more, the smaller its errors were; its own
    beside those of all series."""
    errors = np.minimum(np.abs(_errors(past, actual[:, :, None])), 0.5)
    count = (~np.isnan(errors)).sum(axis=1)
    own = np.nan_to_num(errors).sum(axis=1)
    total = count.sum(axis=0)
    if total.min() == 0:
        return np.full((past.shape[0], past.shape[2]), 1 / past.shape[2])
    pool = own.sum(axis=0) / total
    size = (own + settings.pool_weight * pool) / (count + settings.pool_weight)
    trust = np.maximum(size, 1e-4) ** -settings.trust
    return trust / trust.sum(axis=1, keepdims=True)


def _band(errors: np.ndarray, stretch: float, settings) -> tuple[np.ndarray, np.ndarray]:
    """Per series the logarithms of p10 and p90 over p50: quantiles of the errors of all, on a scale
    of the series' own errors drawn towards the usual one."""
    known = ~np.isnan(errors)
    count = known.sum(axis=1)
    squares = np.where(known, np.minimum(np.abs(errors), 1) ** 2, 0).sum(axis=1)
    if not count.any():
        # nothing to learn from: half as much again as a usual month is off, each way
        wide = np.full(errors.shape[0], 0.15 * stretch)
        return -wide, wide
    own = np.sqrt(squares / np.maximum(count, 1))
    pool = float(np.median(own[count > 0]))
    scale = np.sqrt((squares + settings.pool_weight * pool**2) / (count + settings.pool_weight))
    scale = np.maximum(scale, 1e-4)
    standard = (errors / scale[:, None])[known]
    low, high = -1.4, 1.4
    if standard.size >= 50:
        low, high = np.quantile(standard, (settings.low, settings.high))
    return np.minimum(low, 0) * scale * stretch, np.maximum(high, 0) * scale * stretch
