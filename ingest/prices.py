"""The table of prices: looked up, edited, imported. Changing a price reprices nothing by itself:
attribution.repricing does, when somebody says so (docs/prices.md)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from aicost.accounts.audit import record
from aicost.kernel.money import plain
from ingest.maps import canonical
from ingest.models import Price
from ingest.price_book import PRICE_CLASSES, PriceBook, PriceFound, Rate
from ingest.price_overlaps import PriceRefused, lock_prices, refuse_overlap_of, refuse_overlaps
from ingest.sources.canonical_prices import BASES, PRICES, why_no_price

PRICE_SAVED, PRICE_ENDED, PRICES_IMPORTED = "price_saved", "price_ended", "prices_imported"
COLUMNS = tuple(column.name for column in PRICES.columns)


def price_book(prices: Iterable[Price] | None = None) -> PriceBook:
    """All prices of the table as they stand now, or these."""
    found = Price.objects.order_by("id") if prices is None else prices
    return PriceBook(tuple(_rate(price) for price in found))


def price_of(
    provider: str,
    model: str,
    token_class: str,
    at: datetime,
    *,
    service_tier: str = "",
    region: str = "",
    context_tokens: int = 0,
) -> PriceFound | None:
    """What one unit of the class costs, or None: unpriced, which is not 0. The model may be named
    as calls name it: its alias is tried first. As PriceBook.price_of."""
    named = canonical("model", model, at.date())
    return price_book().price_of(
        provider,
        (named, model),
        token_class,
        at,
        service_tier=service_tier,
        region=region,
        context_tokens=context_tokens,
    )


def save_price(values: Mapping[str, object], user=None, price: Price | None = None) -> Price:
    """Add a price or change one; `values` are fields of Price. Raises PriceRefused when the price
    is impossible, or overlaps another for the same thing."""
    price = price or Price()
    for name, value in values.items():
        if name not in COLUMNS:
            raise PriceRefused(f"a price has no field {name!r}", f"There are {', '.join(COLUMNS)}")
        setattr(price, name, value)
    price.changed_by = user if user is not None and user.is_authenticated else None
    with transaction.atomic():
        lock_prices()
        check_price(price)
        price.save()
        record(user, PRICE_SAVED, str(price), _told(price))
    return price


def check_price(price: Price) -> None:
    """Raise PriceRefused when the price is impossible or overlaps another for the same thing."""
    _refuse_impossible(price)
    _refuse_same(price)
    refuse_overlap_of(price)


def end_price(price: Price, day: date, user=None) -> Price:
    """Let a price hold until the day before `day`, the first day it no longer does."""
    if day <= price.valid_from:
        raise PriceRefused(
            f"the price begins on {price.valid_from}, so it cannot end by {day}",
            "Choose a later day",
        )
    price.valid_to = day
    price.changed_by = user if user is not None and user.is_authenticated else None
    with transaction.atomic():
        lock_prices()
        price.save()
        refuse_overlaps()
        record(user, PRICE_ENDED, str(price), _told(price))
    return price


def prices_on(day: date) -> Iterator[Price]:
    """The prices that hold on a day, in the order of the list."""
    order = ("provider", "model", "token_class", "service_tier", "region", "context_over")
    for price in Price.objects.filter(valid_from__lte=day).order_by(*order, "basis"):
        if price.valid_to is None or price.valid_to > day:
            yield price


def export_rows() -> Iterator[dict[str, str]]:
    """The table as rows of the canonical file: importing them changes nothing."""
    for price in Price.objects.order_by("provider", "model", "token_class", "valid_from", "id"):
        yield {name: _text(getattr(price, name)) for name in COLUMNS}


def _rate(price: Price) -> Rate:
    return Rate(
        basis=price.basis,
        valid_from=price.valid_from,
        valid_to=price.valid_to,
        provider=price.provider,
        model=price.model,
        token_class=price.token_class,
        region=price.region,
        service_tier=price.service_tier,
        context_over=price.context_over,
        price=None if price.price is None else price.price / price.per_units,
        discount_percent=price.discount_percent,
        currency=price.currency,
        origin=price.origin,
        id=price.pk,
    )


def _refuse_impossible(price: Price) -> None:
    row = {name: getattr(price, name) for name in COLUMNS}
    reason = why_no_price(row)
    if price.basis not in BASES:
        reason = f"basis {price.basis!r} is none of {', '.join(BASES)}"
    elif price.token_class not in ("", *PRICE_CLASSES):
        reason = f"token_class {price.token_class!r} is none of {', '.join(PRICE_CLASSES)}"
    elif price.price is not None and price.price < 0:
        reason = f"the price {plain(price.price)} is negative"
    elif price.discount_percent is not None and not 0 <= price.discount_percent <= 100:
        reason = f"the discount {plain(price.discount_percent)} is no percentage from 0 to 100"
    elif price.per_units <= 0 or price.context_over < 0:
        reason = "per_units counts from 1 and context_over from 0"
    elif price.valid_to is not None and price.valid_to <= price.valid_from:
        reason = f"valid_to {price.valid_to} is not after valid_from {price.valid_from}"
    if reason:
        raise PriceRefused(reason, "Correct it and save again")


def _refuse_same(price: Price) -> None:
    key = ("provider", "model", "token_class", "region", "service_tier", "context_over", "basis")
    same = Price.objects.filter(
        valid_from=price.valid_from, **{name: getattr(price, name) for name in key}
    )
    if same.exclude(pk=price.pk).exists():
        raise PriceRefused(
            f"a price for the same begins on {price.valid_from} already", "Edit that one"
        )


def _told(price: Price) -> dict[str, str]:
    return {name: _text(getattr(price, name)) for name in COLUMNS}


def _text(value: object) -> str:
    if value is None:
        return ""
    return plain(value) or "" if isinstance(value, Decimal) else str(value)
