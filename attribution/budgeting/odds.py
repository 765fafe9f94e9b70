"""How likely a forecast ends above an amount, and when it gets there. Pure.

The total is taken as log-normal in two halves around p50, the lower through p10 and the upper
through p90: the two-piece normal (Wallis, "The two-piece normal, binormal, or double Gaussian
distribution", Statistical Science 29, 2014) of its logarithm, with the median as its centre.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from math import erf, log, sqrt

Z_80 = 1.2815515594600038  # 90 % of a normal lie below it
PLACES = Decimal("0.0001")


def chance_over(
    amount: Decimal, so_far: Decimal, p50: Decimal, p10: Decimal, p90: Decimal
) -> Decimal:
    """The probability, 0 to 1, that the total ends above `amount`: 1 where it is above already."""
    if so_far > amount:
        return Decimal(1)
    if p50 <= 0:
        return Decimal(0)
    if amount <= 0:
        return Decimal(1)
    edge = p90 if amount >= p50 else p10
    width = abs(log(edge / p50)) / Z_80 if edge > 0 else 0.0
    if not width:
        return Decimal(int(p50 > amount))
    z = log(amount / p50) / width
    return Decimal(str((1 - erf(z / sqrt(2))) / 2)).quantize(PLACES)


def reached_on(
    amount: Decimal, so_far: Decimal, ahead: Iterable[tuple[date, Decimal]]
) -> date | None:
    """The first day on which what is in and what is ahead, by day, is more than the amount."""
    total = so_far
    for day, cost in ahead:
        total += cost
        if total > amount:
            return day
    return None
