"""What may be spent in each period when money rolls over: exact arithmetic, nothing is read.

Nothing is lost: over any number of periods, all amounts and all that was written off (overspent and
not carried on) are what was spent, what lapsed (left and not carried on) and what is left at last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from attribution.models.budgets import ALL_ROLLS, UNSPENT_ROLLS

ZERO = Decimal(0)


@dataclass(frozen=True)
class Allowance:
    """Of one period: its own amount, what it was handed, and what it hands on."""

    amount: Decimal
    carried: Decimal
    spent: Decimal
    lapsed: Decimal
    written_off: Decimal

    @property
    def available(self) -> Decimal:
        return self.amount + self.carried

    @property
    def left(self) -> Decimal:
        return self.available - self.spent

    @property
    def hands_on(self) -> Decimal:
        return self.left - self.lapsed + self.written_off


def allowances(
    amounts: Sequence[Decimal], spent: Sequence[Decimal], roll_over: str
) -> list[Allowance]:
    """Of consecutive periods: `no` hands nothing on, `unspent` what was left, `all` also what was
    overspent, as less for the next. The last period is not over: nothing of it lapses."""
    found: list[Allowance] = []
    carried = ZERO
    for n, (amount, cost) in enumerate(zip(amounts, spent, strict=True)):
        left = amount + carried - cost
        last = n == len(amounts) - 1
        lapsed = ZERO if last or roll_over in (UNSPENT_ROLLS, ALL_ROLLS) else max(left, ZERO)
        off = ZERO if last or roll_over == ALL_ROLLS else max(-left, ZERO)
        found.append(Allowance(amount, carried, cost, lapsed, off))
        carried = found[-1].hands_on
    return found


def per_unit(amount: Decimal, per_count: int, units: int | Decimal) -> Decimal:
    """What `units` may cost at `amount` for `per_count` of them, to 18 decimals."""
    return (amount * Decimal(units) / per_count).quantize(Decimal("1e-18"))
