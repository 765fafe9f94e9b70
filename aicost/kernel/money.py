"""Exact money. Every amount enters through `parse_decimal`; nothing here ever touches a float."""

from collections.abc import Sequence
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DefaultContext,
    InvalidOperation,
    getcontext,
)
import re

SCALE = 18
QUANTUM = Decimal(1).scaleb(-SCALE)
PRECISION_DIGITS = 76
_CONTEXT = Context(prec=PRECISION_DIGITS, rounding=ROUND_HALF_EVEN)
# Python's default of 28 digits silently rounds even abs(x) of a 38-digit ledger amount.
DefaultContext.prec = PRECISION_DIGITS
getcontext().prec = PRECISION_DIGITS
_LEDGER_BELOW = Decimal(10) ** (38 - SCALE)
# ISO 4217: what is no hundredth.
_WHOLE = frozenset(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX",
                    "UYI", "VND", "VUV", "XAF", "XOF", "XPF"))  # fmt: skip
_THOUSANDTHS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z")
_NUMBER_BYTES_MAX = 80


class NotMoney(ValueError):
    """The text is no finite decimal number: blank, NaN, grouped digits, a sign, a float."""


def parse_decimal(text: str | int | Decimal) -> Decimal:
    """The one constructor of amounts and quantities.

    Accepts a decimal or E-notation string, an int or a finite Decimal. Raises `NotMoney` for
    anything else, floats included: a double has to be turned into its shortest repr first.
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, Decimal)):
        raise NotMoney(f"{text!r} is a {type(text).__name__}, not a decimal string")
    if isinstance(text, Decimal):
        if not text.is_finite():
            raise NotMoney(f"{text} is not a finite number")
        return text
    if isinstance(text, int):
        return Decimal(text)
    if len(text) > _NUMBER_BYTES_MAX or not _NUMBER.match(text):
        raise NotMoney(f"{text[:80]!r} is not a decimal number")
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise NotMoney(f"{text!r} is not a decimal number") from error


def minor_unit(currency: str) -> Decimal:
    """The smallest amount an invoice or a journal is written in, by ISO 4217."""
    if currency in _WHOLE:
        return Decimal(1)
    return Decimal("0.001") if currency in _THOUSANDTHS else Decimal("0.01")


def to_ledger(amount: Decimal) -> Decimal:
    """Round half-even to the 18 decimals the ledger stores; raises `NotMoney` beyond 38 digits."""
    if abs(amount) < _LEDGER_BELOW:
        rounded = amount.quantize(QUANTUM, context=_CONTEXT)
        if abs(rounded) < _LEDGER_BELOW:
            return rounded
    raise NotMoney(f"{str(amount)[:80]} does not fit into 38 digits with {SCALE} decimals")


def split(amount: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Split an amount by integer weights so that the parts sum to it exactly.

    Cumulative differences of whole quanta (docs/decisions/0005-split.md): part k is
    sign * (u*cum_k // W - u*cum_(k-1) // W) with u = |amount| in units of 10^-18. Each part is
    within one quantum of its exact share, none is opposite in sign. This is the slow oracle of
    the SQL in attribution; weights must be non-negative and not all zero (ValueError).
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative integers with a positive sum")
    units = int(to_ledger(abs(amount)).scaleb(SCALE, context=_CONTEXT))
    sign = -1 if amount < 0 else 1
    parts, seen, before = [], 0, 0
    for weight in weights:
        seen += weight
        here = units * seen // total
        parts.append(Decimal(sign * (here - before)).scaleb(-SCALE, context=_CONTEXT))
        before = here
    return parts


def plain(amount: Decimal | None) -> str | None:
    """The decimal as a plain string for other programs: no exponent, no trailing zeros."""
    if amount is None:
        return None
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
