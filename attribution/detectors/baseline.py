"""What a day was expected to cost, and how sure that is: the track every daily detector reads.

The expectation is level + growth + weekday + day of the month, on logarithms, each a median of
final values and of late ones brought up by how complete bills usually are at that age. Nothing of
a day depends on what was not visible when it was first judged.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from attribution.detectors.calendar import month_siblings
from attribution.detectors.findings import setting
from attribution.detectors.panel import FINAL_AGE, Panel
from attribution.detectors.windows import (
    UNKNOWN,
    endless,
    median_of,
    refreshed_quantiles,
    shifted,
    trailing_mean,
    trailing_sum,
)

WEEK = 7
MAD = np.float32(1.4826)  # of a normal distribution: sigma / median absolute deviation


@dataclass(frozen=True)
class BaselineSettings:
    level_days: int = setting(14, "days whose median is the level")
    weekday_weeks: int = setting(8, "weeks whose median is the shape of the week")
    growth_share: float = setting(0.5, "how much of the measured growth is carried on")
    growth_cap: float = setting(0.012, "growth per day carried on at most, up or down")
    sigma_days: int = setting(84, "days whose errors give the usual error")
    sigma_floor: float = setting(0.05, "usual error assumed at least (0.05 is 5 %)")
    month_sigmas: float = setting(1.0, "a day of the month costs more if it did by so many sigmas")
    young_days: int = setting(75, "days of history below which an alarm needs more")
    warm_days: int = setting(24, "days of history below which only new resources are judged")


@dataclass(frozen=True)
class Track:
    """The baseline of a panel. Arrays (series, days); logs are of cost plus `cushion`.

    `log[age]`, `sigma[age]`: the day as it looked at that age, completed, and its usual error.
    `level` and `flat` (the day without weekday shape, final) serve the slower detectors; `ages` are
    those at which something new is seen. `usual` is money a period cost before whatever goes on
    now, where that is known (None: the expectation when it began is taken); `history` and
    `since_first` count final days: known ones, and all since the first with a cost."""

    panel: Panel
    ages: tuple[int, ...]
    cushion: np.ndarray
    mean: np.ndarray
    log: dict[int, np.ndarray]
    flat: dict[int, np.ndarray]
    sigma: dict[int, np.ndarray]
    expected_log: np.ndarray
    echo: np.ndarray
    low_log: np.ndarray
    level: np.ndarray
    growth: np.ndarray
    tail: np.ndarray
    history: np.ndarray
    irregular: np.ndarray
    warm_days: int
    usual: np.ndarray | None = None
    since_first: np.ndarray | None = None

    def only(self, rows: np.ndarray) -> "Track":
        """The track of the series at these places."""

        def part(value):
            if isinstance(value, dict):
                return {age: one[rows] for age, one in value.items()}
            return value[rows] if isinstance(value, np.ndarray) else value

        parts = {one.name: part(getattr(self, one.name)) for one in fields(self)}
        return replace(self, **parts | {"panel": self.panel.only(rows)})

    @cached_property
    def judged(self) -> np.ndarray:
        """Where a regular series has history enough to be judged."""
        return (self.history >= self.warm_days) & ~self.irregular

    @property
    def lag(self) -> int:
        """Periods between a day and the newest day whose final value was visible with it, or 1."""
        return max(self.panel.lag, 1)

    def amount(self, log: np.ndarray) -> np.ndarray:
        """Money of a logarithm."""
        return np.maximum(np.exp(log) - self.cushion, 0)

    @cached_property
    def expected(self) -> np.ndarray:
        """Money a day was expected to cost; of jobs that come and go, their mean."""
        return np.where(self.irregular, self.mean, self.amount(self.expected_log))

    @cached_property
    def _actual(self) -> dict[int, np.ndarray]:
        return {age: self.amount(log) for age, log in self.log.items()}

    def actual(self, age: int) -> np.ndarray:
        """The day's cost at that age, completed to what it usually becomes."""
        return self._actual[age]

    def z(self, age: int, expected_log: np.ndarray | None = None) -> np.ndarray:
        """Usual errors from the expectation and what of yesterday's error usually lasts."""
        expected_log = self.expected_log + self.echo if expected_log is None else expected_log
        return (self.log[age] - expected_log) / self.sigma[age]


def track_of(panel: Panel, settings: BaselineSettings) -> Track:
    """The baseline of a daily panel."""
    final = np.where(panel.cost < 0, UNKNOWN, panel.cost)
    ages = (0, 1, 2, FINAL_AGE) if panel.seen is not None else (0,)
    lag = max(panel.lag, 1)
    mean = trailing_mean(final, 56, lag)
    first = panel.visible(0)
    cushion = np.where(np.isnan(mean), first, mean) * np.float32(0.05) + np.float32(0.5)
    cushion = np.where(np.isnan(cushion), np.float32(0.5), np.maximum(cushion, np.float32(0.5)))
    final_log = np.log(final + cushion)
    logs, doubt = _completed(panel, cushion, final_log, ages)
    # holidays and announced one-offs are judged but teach nothing
    teach = _teaching(panel, final_log)
    week = weekday_effect(teach, settings.weekday_weeks)
    flat = {age: one - week for age, one in logs.items()}
    taught = {age: _teaching(panel, one) for age, one in flat.items()}
    level = _level(taught, ages, settings.level_days)
    growth = _growth(level, settings)
    middle = np.float32((settings.level_days + 1) / 2)
    plain = level + growth * middle + week
    # errors made before the week was learnt say nothing of later ones
    history = np.cumsum(shifted(~np.isnan(final), lag), axis=1)
    settled = history >= 17
    rough = _sigma(np.where(settled, teach - plain, UNKNOWN), lag, settings)[0]
    apart = np.where(settled, final_log - plain, UNKNOWN)
    month, unseen_turn = _month_effect(apart, panel.periods, rough, settings)
    expected_log = plain + month
    flat = {age: one - month for age, one in flat.items()}
    errors = np.where(settled, teach - expected_log, UNKNOWN)
    yesterday = logs[ages[min(1, len(ages) - 1)]] - expected_log
    echo = _echo(errors, yesterday, rough, lag)
    sigma, tail = _sigma(errors - echo, lag, settings)
    return Track(
        panel=panel,
        ages=ages,
        cushion=cushion,
        mean=mean,
        log=logs,
        flat=flat,
        sigma={age: np.hypot(sigma, doubt[age]) for age in ages},
        expected_log=expected_log,
        echo=echo,
        low_log=_low_expectation(panel, expected_log, week) + echo,
        level=level,
        growth=growth,
        tail=tail * _caution(history, unseen_turn, settings),
        history=history,
        irregular=_irregular(panel, final, lag),
        warm_days=settings.warm_days,
        since_first=np.cumsum(np.cumsum(shifted(final > 0, lag), axis=1) > 0, axis=1),
    )


def _completed(panel, cushion, final_log, ages) -> tuple[dict, dict]:
    """Logs of what was visible at each age, brought up to what it usually becomes, and how much
    that completion varies."""
    logs, doubt = {}, {}
    for age in ages:
        if panel.seen is None or age >= FINAL_AGE:
            logs[age], doubt[age] = final_log, np.float32(0)
            continue
        seen = panel.visible(age)
        log = np.log(np.where(seen < 0, UNKNOWN, seen) + cushion)
        middle, high = refreshed_quantiles(
            log - final_log, 56, FINAL_AGE, (0.5, 0.9), every=WEEK, at_least=5
        )
        # before anything is known of a source its bills are taken as complete
        middle = np.where(np.isnan(middle), 0, middle)
        spread = np.where(np.isnan(high), np.float32(0.1), (high - middle) / np.float32(1.28))
        logs[age] = log - middle
        doubt[age] = np.maximum(spread, 0)
    return logs, doubt


def _teaching(panel: Panel, values: np.ndarray) -> np.ndarray:
    for mask in (panel.holiday, panel.in_known):
        if mask is not None:
            values = np.where(mask, UNKNOWN, values)
    return values


def weekday_effect(logs: np.ndarray, weeks: int) -> np.ndarray:
    """How a day usually differs from the week that ends with it: the median of the same weekday
    over the weeks before, drawn to zero while there are few; any seven days sum to zero."""
    total, count = trailing_sum(logs, WEEK)
    week_mean = np.where(count >= 4, total / np.maximum(count, 1), UNKNOWN)
    apart = logs - week_mean
    known = endless(apart)
    stack = [shifted(known, WEEK * k, np.inf) for k in range(1, weeks + 1)]
    seen = sum(np.isfinite(one).astype(np.float32) for one in stack)
    effect = median_of(stack)
    effect = np.where(np.isnan(effect), 0, effect * seen / (seen + 1))
    around, _ = trailing_sum(effect, WEEK)
    return (effect - around / WEEK).astype(np.float32)


def _level(flat: dict, ages: tuple[int, ...], days: int) -> np.ndarray:
    final = endless(flat[ages[-1]])
    stack = [shifted(endless(flat[age]), age, np.inf) for age in ages if 0 < age < FINAL_AGE]
    stack += [shifted(final, k, np.inf) for k in range(len(stack) + 1, days + 1)]
    return median_of(stack, at_least=3)


def _growth(level: np.ndarray, settings: BaselineSettings) -> np.ndarray:
    """Growth per day: the middle of four weekly steps of the level, so that one jump is none."""
    steps = [shifted(level, WEEK * k) - shifted(level, WEEK * (k + 1)) for k in range(4)]
    total = steps[0] + steps[1] + steps[2] + steps[3]
    low = np.minimum(np.minimum(steps[0], steps[1]), np.minimum(steps[2], steps[3]))
    high = np.maximum(np.maximum(steps[0], steps[1]), np.maximum(steps[2], steps[3]))
    daily = (total - low - high) / np.float32(2 * WEEK)
    cap = settings.growth_cap
    growth = np.clip(daily, -cap, cap) * np.float32(settings.growth_share)
    return np.where(np.isnan(growth), 0, growth)


def _echo(errors, yesterday, sigma, lag: int) -> np.ndarray:
    """What of yesterday's error a series usually repeats: some wander, some do not. The share is
    the lag-one regression of clipped errors, counted only beyond what chance gives."""
    clip = np.float32(2.5) * sigma
    own = np.clip(errors, -clip, clip)
    before = shifted(own, 1)
    share = trailing_mean(own * before, 84, lag, 28) / trailing_mean(before**2, 84, lag, 28)
    share = np.clip(np.nan_to_num(share) - np.float32(0.15), 0, np.float32(0.7))
    return np.nan_to_num(share * np.clip(shifted(yesterday, 1), -clip, clip))


def _sigma(errors: np.ndarray, lag: int, settings: BaselineSettings) -> tuple:
    """The usual error and, for heavy tails, how much larger rare errors are than usual ones (1 for
    a normal distribution, at most 1.5)."""
    size = np.abs(errors)
    middle, ninth, rare = refreshed_quantiles(
        size, settings.sigma_days, lag, (0.5, 0.9, 0.97), every=WEEK, at_least=6
    )
    sigma = np.maximum(MAD * middle, ninth * np.float32(0.85 / 1.645))
    sigma = np.maximum(sigma, np.float32(settings.sigma_floor))
    tail = np.clip(rare / (np.float32(2.4) * sigma), 1, 1.5)
    return sigma, tail


def _month_effect(apart, periods, sigma, settings: BaselineSettings) -> tuple:
    """What the same day of earlier months cost beyond the plain expectation, upward only: at the
    turn of the month from one month on, elsewhere only what stood out clearly; and where it is a
    turn of the month but none was seen yet."""
    siblings, turn = month_siblings(periods)
    stack = []
    for column in siblings:
        one = endless(apart)[:, np.maximum(column, 0)]
        one[:, column < 0] = np.inf
        stack.append(one)
    known = sum(np.isfinite(one).astype(np.int8) for one in stack)
    least = np.minimum(np.minimum(stack[0], stack[1]), stack[2])
    middle = median_of(stack)
    enough = np.float32(settings.month_sigmas) * sigma
    at_turn = turn[None, :] & (middle > enough)
    elsewhere = ~turn[None, :] & (known >= 1) & (least > 3 * enough)
    effect = np.where(at_turn, middle, np.where(elsewhere, least, 0)).astype(np.float32)
    return effect, turn[None, :] & (known == 0)


def _caution(history, unseen_turn, settings: BaselineSettings) -> np.ndarray:
    """How much more an alarm needs while little is known: in the first weeks, and at a turn of the
    month when none was seen before."""
    young = np.clip((settings.young_days - history) / settings.young_days, 0, 1)
    return (1 + young * np.float32(0.6)) * np.where(unseen_turn, np.float32(1.5), 1)


def _low_expectation(panel: Panel, expected_log, week) -> np.ndarray:
    """What a drop is held against: on a holiday the lowest day of the week."""
    if panel.holiday is None:
        return expected_log
    lowest = week
    for k in range(1, WEEK):
        lowest = np.fmin(lowest, shifted(week, k))
    return np.where(panel.holiday, expected_log - week + lowest, expected_log)


def _irregular(panel: Panel, final: np.ndarray, lag: int) -> np.ndarray:
    """Series that cost nothing on days the weekday does not tell: for each weekday the rarer of
    idle and working, as a share of its days."""
    begun = np.cumsum(np.nan_to_num(final) > 0, axis=1) > 0
    idle = begun & ~(final > 0)
    weeks = range(1, 9)
    rests = sum(shifted(idle, WEEK * k).astype(np.float32) for k in weeks)
    lives = sum(shifted(begun, WEEK * k).astype(np.float32) for k in weeks)
    share = np.where(lives > 0, rests / np.maximum(lives, 1), UNKNOWN)
    odd = trailing_mean(np.minimum(share, 1 - share), WEEK, 0)
    working = 1 - trailing_mean(share, WEEK, 0)
    return (odd > np.float32(0.08)) | ((working < np.float32(0.5)) & (odd > working / 4))
