"""What a GPU machine has beside its GPUs, and what it costs: rows of instance_shapes.csv, for rules
that split a node's price between both (docs/decisions/0028-node-price-and-pods.md)."""

from decimal import Decimal, InvalidOperation
from functools import cache

from attribution.vocabulary import BadVocabulary, own, rows

_NAME = "instance_shapes.csv"
_NUMBERS = ("vcpus", "memory_gb", "price_hour", "vcpu_hour", "gb_hour")


def shape_binds() -> dict[str, list]:
    """The table as binds of node_price.sql: lists of equal length, prices per hour. Raises
    `BadVocabulary`."""
    table = _shapes(own(_NAME))
    names = ("shape_vcpus", "shape_memory", "shape_price", "shape_vcpu_price", "shape_gb_price")
    columns = zip(*table.values(), strict=True)
    return {"shape_types": list(table), **dict(zip(names, map(list, columns), strict=True))}


@cache
def _shapes(own_text: str) -> dict[str, tuple[Decimal, ...]]:
    found: dict[str, tuple[Decimal, ...]] = {}
    for row in rows(_NAME, own_text):
        numbers = tuple(_number(row, name) for name in _NUMBERS)
        vcpus, memory_gb, price, vcpu_price, gb_price = numbers
        if vcpus * vcpu_price + memory_gb * gb_price >= price:
            told = f"data/{_NAME}: {row['instance_type']} costs no more than its CPU and memory"
            raise BadVocabulary(f"{told}. Correct price_hour, vcpu_hour or gb_hour")
        found.setdefault(row["instance_type"].lower(), numbers)
    return found


def _number(row: dict[str, str], name: str) -> Decimal:
    try:
        value = Decimal(row[name])
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or value <= 0:
        told = f"data/{_NAME}: {name} of {row['instance_type']} is {row[name]!r}"
        raise BadVocabulary(f"{told}. Write a number above 0")
    return value
