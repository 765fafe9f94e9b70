"""The calls and the prices behind the weights of one charge."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from aicost.kernel.money import QUANTUM
from attribution.closing.pinned import price_book_on
from attribution.models import DayState, SeriesClaim
from attribution.reports.base import fetch
from ingest.models import Charge
from ingest.models.measured import TOKEN_CLASSES

MODELS_MAX = 12


@dataclass(frozen=True)
class CallsSeen:
    """Calls of one model that one source told, under the name it told. A provider's own count
    weighs (`counted`) only where no call log covers the model."""

    model: str
    source: str
    told: str
    counted: bool
    requests: int | None
    tokens: dict[str, int]


@dataclass(frozen=True)
class TokenPrice:
    """What one token of a class weighed: its list price, without one the contract's; of a closed
    month as pinned, else as the price table stands now."""

    token_class: str
    per_million: Decimal
    currency: str
    basis: str
    origin: str


@dataclass(frozen=True)
class UnitPrices:
    """Cost per `unit` of the whole charge, to 18 decimals; None: the bill tells no such cost."""

    unit: str
    billed: Decimal | None
    effective: Decimal | None
    listed: Decimal | None
    contracted: Decimal | None


def calls_of(day: date, models: Iterable[str]) -> tuple[CallsSeen, ...]:
    """The calls of these models on a day, sources that count first."""
    named = sorted(set(filter(None, models)))[:MODELS_MAX]
    rows = fetch("explain_calls", {"day": day, "models": named}) if named else []
    logs = {(r["model"], r["provider"].lower()) for r in rows if not r["is_count"]}

    def counts(row: dict) -> bool:
        provider = row["provider"].lower()
        return not row["is_count"] or not logs & {(row["model"], ""), (row["model"], provider)}

    return tuple(
        CallsSeen(
            model=row["model"],
            source=row["source"],
            told=row["told"],
            counted=counts(row),
            requests=row["requests"],
            tokens={name: row[name] for name in TOKEN_CLASSES if row[name]},
        )
        for row in rows
    )


def token_prices(charge: Charge, calls: Iterable[CallsSeen]) -> tuple[TokenPrice, ...]:
    """The prices that weighed the tokens of a charge which names no class; () for another, and
    where all tokens weighed alike: a class without a price, or prices in several currencies."""
    state = DayState.objects.filter(source=charge.source_id, day=charge.day).first()
    claim = state and SeriesClaim.objects.filter(
        rule_set=state.rule_set_id, series=charge.series_id
    ).first()  # fmt: skip
    if not claim or claim.token_class or not claim.model:
        return ()
    own = [one for one in calls if one.model == claim.model]
    names = sorted({one.told for one in own})
    classes = [name for name in TOKEN_CLASSES if any(name in one.tokens for one in own)]
    book, at = price_book_on(charge.day), datetime.combine(charge.day, time(), UTC)
    found = {name: book.weight_price((claim.model, *names), name, at) for name in classes}
    if None in found.values() or len({price.currency for price in found.values()}) != 1:
        return ()
    return tuple(
        TokenPrice(name, price.unit_price * 1_000_000, price.currency, price.basis, price.origin)
        for name, price in found.items()
    )


def unit_prices(charge: Charge, quantity: Decimal | None, unit: str) -> UnitPrices | None:
    """None when the bill tells no quantity, or 0 of it."""
    if not quantity:
        return None

    def each(cost: Decimal | None) -> Decimal | None:
        return None if cost is None else (cost / quantity).quantize(QUANTUM)

    costs = (charge.billed_cost, charge.effective_cost, charge.list_cost, charge.contracted_cost)
    return UnitPrices(unit, *map(each, costs))
