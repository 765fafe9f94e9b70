"""Where a period ends, for series of exact daily costs: attribution.forecast with decimals around.

Days after the last final one are not looked at, since their bill still grows: they count among
those to come. What of them is billed already is the least that a total can be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import exp

import numpy as np

from aicost.kernel.periods import Period
from attribution.detectors.panel import Panel
from attribution.forecast import Forecast, period_end, ratio_band

CENT = Decimal("0.01")
ZERO = Decimal(0)
Daily = Mapping[date, Decimal]
NO_FINAL_DAY = "no bill it counts has a final day"
NO_COST = "nothing of it has cost anything by then"


@dataclass(frozen=True)
class Outlook:
    """Of one series and period, seen on the evening of `day`. `so_far` is billed by then; p50, p10
    and p90 of the whole are to the cent, None with a `reason`; `ahead` is what each day after
    `data_through` is expected to cost."""

    period: Period
    so_far: Decimal
    p50: Decimal | None = None
    p10: Decimal | None = None
    p90: Decimal | None = None
    ahead: tuple[tuple[date, Decimal], ...] = ()
    data_through: date | None = None
    reason: str = ""

    @property
    def final_so_far(self) -> Decimal:
        """What p50 takes as in: the days up to `data_through`."""
        return (self.p50 or ZERO) - sum((cost for _, cost in self.ahead), ZERO)


def outlook(costs: Daily, day: date, data_through: date | None, period: Period) -> Outlook:
    """Of one series by itself."""
    return outlooks([costs], day, data_through, period)[0]


def outlooks(
    series: Sequence[Daily], day: date, data_through: date | None, period: Period
) -> list[Outlook]:
    """Of several, which lend one another the size of their errors."""
    return _looked(series, day, data_through, period)[0]


def _looked(
    series: Sequence[Daily], day: date, data_through: date | None, period: Period
) -> tuple[list[Outlook], Forecast | None]:
    sums = [billed(costs, period, day) for costs in series]
    begun = [first for costs in series if (first := _first(costs)) is not None]
    if data_through is None or not begun or min(begun) > data_through:
        reason = NO_FINAL_DAY if data_through is None else NO_COST
        return [
            Outlook(period, so_far, data_through=data_through, reason=reason) for so_far in sums
        ], None
    found = forecast_of(series, min(begun), data_through, period)
    told = [_outlook(found, n, so_far, data_through, period) for n, so_far in enumerate(sums)]
    return told, found


@dataclass(frozen=True)
class PerUnit:
    """Cost and units of one budget, forecast together. `p10` and `p90` are the total cost between
    which it ends in four of five cases were the units as many as expected: only what a unit costs
    is uncertain in them. None without a forecast."""

    cost: Outlook
    units: Outlook
    p10: Decimal | None = None
    p90: Decimal | None = None


def per_unit_outlook(
    costs: Daily, units: Daily, day: date, data_through: date | None, period: Period
) -> PerUnit:
    """Seen on the same days, so that more calls are not taken for dearer ones."""
    (cost, used), found = _looked([costs, units], day, data_through, period)
    if found is None or cost.p50 is None or used.p50 is None:
        return PerUnit(cost, used)
    low, high = ratio_band(found, 0, 1)
    return PerUnit(cost, used, _times(cost.p50, low), _times(cost.p50, high))


def _times(amount: Decimal, log: float) -> Decimal:
    return (amount * Decimal(repr(exp(log)))).quantize(CENT)


def forecast_of(
    series: Sequence[Daily], first: date, data_through: date, period: Period
) -> Forecast:
    """attribution.forecast of the days from `first` to `data_through`."""
    return period_end(panel_of(series, first, data_through), data_through, period.start, period.end)


def panel_of(series: Sequence[Daily], first: date, last: date) -> Panel:
    """The series from their own first day on: before it nothing is known, after it a day without
    cost cost nothing."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = np.array([[costs.get(day, ZERO) for day in days] for costs in series], dtype=np.float64)
    for n, costs in enumerate(series):
        begins = _first(costs)
        rows[n, : len(days) if begins is None else max((begins - first).days, 0)] = np.nan
    names = tuple(str(n) for n in range(len(series)))
    return Panel(names, np.array(days, dtype="datetime64[D]"), rows)


def billed(costs: Daily, period: Period, day: date) -> Decimal:
    """What of the period is billed by the evening of a day, exactly."""
    return sum((cost for when, cost in costs.items() if period.start <= when <= day
                and when < period.end), ZERO)  # fmt: skip


def _first(costs: Daily) -> date | None:
    return min((day for day, cost in costs.items() if cost), default=None)


def _outlook(found: Forecast, n: int, so_far: Decimal, through: date, period: Period) -> Outlook:
    if found.reason[n]:
        return Outlook(period, so_far, data_through=through, reason=found.reason[n])
    p50, p10, p90 = (max(_cents(one[n]), so_far) for one in (found.p50, found.p10, found.p90))
    begins = max(period.start, through + timedelta(days=1))
    ahead = tuple(
        (begins + timedelta(days=at), _cents(cost)) for at, cost in enumerate(found.ahead[n])
    )
    return Outlook(period, so_far, p50, p10, p90, ahead, through)


def _cents(value: np.floating) -> Decimal:
    """Through its shortest text, as every double becomes a decimal."""
    return Decimal(repr(value.item())).quantize(CENT)
