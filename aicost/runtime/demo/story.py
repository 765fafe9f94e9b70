"""The calendar of the story: six months that end yesterday, and what happens when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zlib import crc32

import numpy as np

from aicost.kernel.periods import month_of, month_start, next_month, previous_month
from aicost.runtime.demo.company import MONTHLY_TARGETS, SUPPORT_SHARE

_EPOCH = date(1970, 1, 1)
SPEND_AT_WEEKEND = Decimal("0.93")
# Requests of each UTC hour in per mille of the day; the storefronts sleep from 1 to 6.
DIURNAL = np.array(
    [26, 18, 13, 11, 11, 14, 22, 32, 41, 47, 51, 53, 54, 53, 52, 52, 54, 57, 62, 68, 69, 60, 47, 33]
)


def day_number(day: date) -> int:
    return (day - _EPOCH).days


def hour_number(day: date, hour: int = 0) -> int:
    """Hours since 1970 in UTC; lives of nodes and pods are half-open ranges of these."""
    return day_number(day) * 24 + hour


def date_of_hour(hour: int) -> date:
    return _EPOCH + timedelta(days=hour // 24)


@dataclass(frozen=True)
class Story:
    """`first` is the first day written, `end` the day after the last. `months` are the first days
    of all six months, also when only the last days are written."""

    seed: int
    first: date
    end: date
    months: tuple[date, ...]

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.end - self.first).days)]

    @property
    def written_months(self) -> list[date]:
        return [month for month in self.months if next_month(month) > self.first]

    def month_index(self, day: date) -> int:
        return self.months.index(month_start(day))

    def day_of_month(self, month_index: int, day: int) -> date:
        return self.months[month_index].replace(day=day)

    # What happens when. Months count from 0.
    @property
    def second_model(self) -> date:
        return self.months[1]

    @property
    def five_minute_inference(self) -> date:
        return self.months[2]

    @property
    def ab_test(self) -> date:
        return self.day_of_month(3, 8)

    @property
    def continuous_retraining(self) -> date:
        return self.months[4]

    @property
    def rollout(self) -> date:
        """Variant C wins and becomes the default."""
        return self.day_of_month(4, 26)

    @property
    def decision(self) -> date:
        """Variant B gets no more traffic, and keeps its GPUs."""
        return max(self.last - timedelta(days=9), self.rollout + timedelta(days=1))

    @property
    def forgotten_from(self) -> date:
        return self.day_of_month(3, 9)

    @property
    def forgotten_idle_from(self) -> date:
        return self.forgotten_from + timedelta(days=6)

    @property
    def planned_end(self) -> date:
        """Two-tower was to end by then and goes on."""
        return self.end - timedelta(days=15)

    @property
    def idle_saturday(self) -> date:
        """The last whole weekend that ended at least two days before the end."""
        sunday = self.end - timedelta(days=3)
        while sunday.weekday() != 6:
            sunday -= timedelta(days=1)
        return sunday - timedelta(days=1)

    @property
    def gap_day(self) -> date:
        """Telemetry of gpu-exp-01 is silent from noon of this day for 36 hours."""
        return self.idle_saturday - timedelta(days=2)

    @property
    def restated_month(self) -> date:
        return previous_month(self.months[5])

    def monthly_support(self, month: date) -> Decimal:
        target = MONTHLY_TARGETS[self.months.index(month)]
        return (target * SUPPORT_SHARE).quantize(Decimal("0.01"))

    def day_target(self, day: date) -> Decimal:
        """What the day should cost without support, so that its month meets the target."""
        month = month_start(day)
        total = MONTHLY_TARGETS[self.months.index(month)] - self.monthly_support(month)
        weights = {each: _spend_weight(each) for each in month_of(month).days()}
        return total * weights[day] / sum(weights.values())

    def curve(self, day: date, values: Sequence[float]) -> float:
        """A value a month, reached in its middle, on a straight line between and beyond them."""
        middles = [day_number(month) + 14.5 for month in self.months]
        at = day_number(day)
        left = min(max(int(np.searchsorted(middles, at)) - 1, 0), len(middles) - 2)
        run = (at - middles[left]) / (middles[left + 1] - middles[left])
        return max(values[left] + run * (values[left + 1] - values[left]), 0.0)

    def random(self, name: str) -> np.random.Generator:
        """An own stream of chance a name, so that one part never disturbs another."""
        return np.random.default_rng([self.seed, crc32(name.encode())])


def _spend_weight(day: date) -> Decimal:
    return SPEND_AT_WEEKEND if day.weekday() >= 5 else Decimal(1)


def plan_story(today: date, seed: int, days: int | None = None) -> Story:
    """Six calendar months ending with that of yesterday; `days` writes only the last so many."""
    last = today - timedelta(days=1)
    months = [month_start(last)]
    while len(months) < len(MONTHLY_TARGETS):
        months.insert(0, previous_month(months[0]))
    first = months[0] if days is None else max(months[0], today - timedelta(days=days))
    return Story(seed, first, today, tuple(months))
