"""Why what was paid of an invoice is not what was billed: named parts that add up exactly. Pure:
no Django, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from aicost.kernel.money import minor_unit

LEAVES_OUT = ("tax", "credits", "marketplace")
# In the order they are shown; the difference is their sum, to the last digit.
PARTS = (
    "tax",
    "credits",
    "marketplace",
    "restated_after_payment",
    "exchange",
    "rounding",
    "not_loaded",
    "unexplained",
)
ZERO = Decimal(0)


@dataclass(frozen=True)
class Billed:
    """One invoice as its charges say, in its currency; the last three are parts of `billed`."""

    billed: Decimal = ZERO
    tax: Decimal = ZERO
    credits: Decimal = ZERO
    marketplace: Decimal = ZERO

    def left_out(self, names: Sequence[str]) -> Decimal:
        return sum((getattr(self, name) for name in names), ZERO)


@dataclass(frozen=True)
class Paid:
    """One payment. `at_rate` is the amount in the invoice's currency by the frozen rate of its
    billing period, None when there is no rate; `settles` what it was meant to settle, None when
    nobody said; `billed_then` what the final bill said when it was entered."""

    at_rate: Decimal | None
    settles: Decimal | None = None
    tax_on_top: Decimal = ZERO
    leaves_out: tuple[str, ...] = ()
    billed_then: Billed | None = None


def paid_total(payments: Sequence[Paid]) -> Decimal | None:
    """None without a payment, and when a rate is missing: unknown is not zero."""
    amounts = [one.at_rate for one in payments]
    return None if not amounts or None in amounts else sum(amounts, ZERO)


def explained(
    billed: Billed | None, payments: Sequence[Paid], currency: str, final: bool
) -> dict[str, Decimal | None]:
    """Part -> amount of `paid - billed`; their sum is the difference. All None while it is unknown
    what was paid. `billed` is None when no charge carries the invoice.

    What somebody said of the payment comes first (what it leaves out, tax on top, what it
    settles), then what changed on the final bill since; less than the smallest coin is rounding.
    What remains is not loaded yet while the bill is not final, and unexplained when it is.
    """
    paid = paid_total(payments)
    if paid is None:
        return dict.fromkeys(PARTS)
    now = billed or Billed()
    left_out = sorted({name for one in payments for name in one.leaves_out})
    parts = {name: -getattr(now, name) if name in left_out else ZERO for name in LEAVES_OUT}
    parts["tax"] += sum((one.tax_on_top for one in payments), ZERO)
    told = [one.billed_then for one in payments if one.billed_then is not None]
    then = told[-1] if told else now
    parts["restated_after_payment"] = _due(then, left_out) - _due(now, left_out)
    parts["exchange"] = sum(
        (one.at_rate - one.settles for one in payments if one.settles is not None), ZERO
    )
    rest = paid - now.billed - sum(parts.values(), ZERO)
    parts["rounding"] = _rounding(paid - parts["exchange"] - rest, rest, minor_unit(currency))
    rest -= parts["rounding"]
    parts["not_loaded"] = ZERO if final else rest
    parts["unexplained"] = rest if final else ZERO
    return {name: parts[name] for name in PARTS}


def _due(bill: Billed, left_out: Sequence[str]) -> Decimal:
    return bill.billed - bill.left_out(left_out)


def _rounding(due: Decimal, rest: Decimal, unit: Decimal) -> Decimal:
    """Of `rest`, what writing the invoice of `due` in its smallest unit made."""
    if abs(rest) < unit:
        return rest
    return due.quantize(unit, rounding=ROUND_HALF_UP) - due
