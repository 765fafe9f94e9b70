"""Exchange rates of a month, frozen. A missing rate is an error and never 1."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

from aicost.kernel.periods import Period, month_start, months_between
from ingest.models import FxRate

DAY = timedelta(days=1)
_QUANTUM = Decimal(1).scaleb(-18)
_EXACT = Context(prec=76, rounding=ROUND_HALF_EVEN)


class MissingRate(LookupError):
    """No rate of that month leads from one currency to the other."""

    def __init__(self, month: date, from_currency: str, to_currency: str) -> None:
        super().__init__(
            f"there is no rate {from_currency} to {to_currency} for {month:%Y-%m}. Load the ECB's"
            " history (docs/sources/ecb_rates.md), or add the rate in the admin"
        )
        self.month, self.from_currency, self.to_currency = month, from_currency, to_currency


@dataclass
class Rates:
    """The rates of some months, read once."""

    _of_month: dict[date, dict[tuple[str, str], Decimal]] = field(default_factory=dict)

    def load(self, period: Period) -> None:
        """Read the months of a period at once, but those that are known."""
        wanted = [m for m in months_between(period.start, period.end - DAY)
                  if m not in self._of_month]  # fmt: skip
        found: dict[date, dict[tuple[str, str], Decimal]] = {month: {} for month in wanted}
        for row in FxRate.objects.filter(month__in=wanted):
            found[row.month][row.from_currency, row.to_currency] = row.rate
        self._of_month |= found

    def rate(self, month: date, from_currency: str, to_currency: str) -> Decimal:
        """Units of `to_currency` for one of `from_currency` in the month of a day.

        As it is stored; else the inverse of the stored one; else the quotient over a currency that
        has a rate to both. What is derived is rounded half-even to 18 decimals. Raises
        `MissingRate`."""
        if from_currency == to_currency:
            return Decimal(1)
        month = month_start(month)
        if month not in self._of_month:
            stored = FxRate.objects.filter(month=month)
            self._of_month[month] = {(r.from_currency, r.to_currency): r.rate for r in stored}
        found = _derived(self._of_month[month], from_currency, to_currency)
        if found is None:
            raise MissingRate(month, from_currency, to_currency)
        return found


def rate(month: date, from_currency: str, to_currency: str) -> Decimal:
    """See `Rates.rate`."""
    return Rates().rate(month, from_currency, to_currency)


def _derived(known: dict[tuple[str, str], Decimal], source: str, target: str) -> Decimal | None:
    if (source, target) in known:
        return known[source, target]
    if (target, source) in known:
        return _quotient(Decimal(1), known[target, source])
    for pivot in _pivots(known):
        if (pivot, source) in known and (pivot, target) in known:
            return _quotient(known[pivot, target], known[pivot, source])
    return None


def _pivots(known: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({pair[0] for pair in known})


def _quotient(value: Decimal, by: Decimal) -> Decimal:
    return _EXACT.divide(value, by).quantize(_QUANTUM, context=_EXACT)
