"""The canonical file of prices: what a contract or a list says, dated. docs/prices.md."""

from decimal import Decimal

from ingest.price_book import CONTRACT, LIST, PRICE_CLASSES
from ingest.records import PriceRecord
from ingest.sources import cells
from ingest.sources.canonical_maps import finish_validity
from ingest.sources.format import Column, Columns, Format

BASES = (CONTRACT, LIST)
DISCOUNT_QUANTUM = Decimal("0.0001")


def _basis(raw: str) -> str:
    if raw.lower() not in BASES:
        raise ValueError(f"{raw[:40]!r} is none of {', '.join(BASES)}")
    return raw.lower()


def _price_class(raw: str) -> str:
    if raw.lower() not in PRICE_CLASSES:
        raise ValueError(f"{raw[:40]!r} is none of {', '.join(PRICE_CLASSES)}")
    return raw.lower()


def _units(raw: str) -> int:
    units = cells.count(raw)
    if units == 0:
        raise ValueError("0 units have no price")
    return units


def _discount(raw: str) -> Decimal:
    value = cells.not_negative(raw.removesuffix("%").strip())
    if value > 100:
        raise ValueError(f"{raw[:40]!r} is no percentage from 0 to 100")
    if value != value.quantize(DISCOUNT_QUANTUM):
        raise ValueError(f"{raw[:40]!r} has more than 4 decimals")
    return value.quantize(DISCOUNT_QUANTUM)


def why_no_price(row: dict) -> str | None:
    """What is wrong with one price as a whole, None if nothing is. `row` has the fields of
    PriceRecord."""
    if (row["price"] is None) == (row["discount_percent"] is None):
        return "give either price or discount_percent"
    if row["price"] is None:
        return None if row["basis"] == CONTRACT else "a discount is of a contract, not of a list"
    for name in ("model", "token_class", "currency"):
        if not row[name]:
            return f"a price needs {name}; only a discount may be for any"
    return None


def finish_prices(columns: Columns) -> dict[int, str]:
    reasons = finish_validity(columns)
    names = ("price", "discount_percent", "basis", "model", "token_class", "currency")
    for row, values in enumerate(zip(*(columns[name] for name in names), strict=True)):
        if reason := why_no_price(dict(zip(names, values, strict=True))):
            reasons.setdefault(row, reason)
    return reasons


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, name, cells.text) for name in names)


PRICES = Format(
    name="prices",
    kind="map",
    record_type=PriceRecord,
    columns=(
        *_texts("provider", "model", "region", "service_tier", "origin", "note"),
        Column("token_class", "token_class", _price_class),
        Column("context_over", "context_over", cells.count, default=0),
        Column("per_units", "per_units", _units, default=1_000_000),
        Column("price", "price", cells.not_negative, default=None),
        Column("discount_percent", "discount_percent", _discount, default=None),
        Column("currency", "currency", cells.currency),
        Column("basis", "basis", _basis, required=True),
        Column("valid_from", "valid_from", cells.calendar_day, required=True),
        Column("valid_to", "valid_to", cells.calendar_day, default=None),
    ),
    known_by=frozenset({"model", "basis", "valid_from"}),
    not_with=frozenset({"time", "day"}),
    finish=finish_prices,
)
