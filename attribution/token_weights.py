"""What a token weighs when a charge does not name its class: the list price, as a whole number."""

from datetime import UTC, date, datetime, time
from decimal import ROUND_FLOOR, Decimal

from django.db import connection

from aicost.kernel.sqlfiles import sql
from attribution.closing.pinned import price_book_on
from ingest.models.measured import UNIT_CLASSES
from ingest.price_book import PriceBook

_PRICED_AS = {"audio_ms": ("audio_seconds", 1000)}
UNITS_PER_CURRENCY_UNIT = Decimal(1_000_000_000)


def price_day(day: date) -> None:
    """Make the day's w_price (model, token_class, weight_per_token) from w_charge and w_alias.

    Once a day, not once a charge. A model has rows only if every class it used has a price, all in
    one currency; otherwise its tokens weigh alike, since a class without a price is not free."""
    with connection.cursor() as cursor:
        cursor.execute("create temp table w_price (model text, token_class text,"
                       " weight_per_token bigint) on commit drop")  # fmt: skip
        cursor.execute(sql("attribution.sql", "day_priced_models"), {"day": day})
        models = cursor.fetchall()
        if not models:
            return
        book = price_book_on(day)
        rows = [row for told in models for row in weights_of(book, day, *told)]
        cursor.executemany("insert into w_price values (%s, %s, %s)", rows)


def weights_of(
    book: PriceBook, day: date, model: str, names: list, providers: list | None, classes: list
) -> list[tuple[str, str, int]]:
    """(model, token class, weight of one token in 10^-9 of the currency) of every class used."""
    at = datetime.combine(day, time(), UTC)
    only = providers[0] if providers and len(providers) == 1 else ""
    found = {
        name: book.weight_price((model, *names), _PRICED_AS.get(name, (name, 1))[0], at,
                                provider=only)
        for name in classes
    }  # fmt: skip
    if not set(classes) <= set(UNIT_CLASSES):  # beside tokens, units count only with a price
        found = {name: price for name, price in found.items() if price or name not in UNIT_CLASSES}
    if None in found.values() or len({price.currency for price in found.values()}) != 1:
        return []
    return [
        (
            model,
            name,
            int(
                (
                    price.unit_price * UNITS_PER_CURRENCY_UNIT / _PRICED_AS.get(name, (name, 1))[1]
                ).to_integral(ROUND_FLOOR)
            ),
        )
        for name, price in found.items()
    ]
