"""Bundled revenue: one amount for many features, split by shares, requests or outcomes."""

from collections.abc import Mapping
from decimal import Decimal

from aicost.kernel.money import NotMoney, parse_decimal, split

SHARES, REQUESTS, OUTCOMES = BY = ("shares", "requests", "outcomes")
_SHARE_MAX = 10**12


class BadShares(ValueError):
    """The cell `features` cannot be read; the message says which part."""


def shares_of(row: Mapping[str, str]) -> dict[str, int]:
    """{feature: weight} of the cell `features`: "search=60, answers=40"; without numbers every
    feature weighs 1. A weight with decimals is scaled, so that all are whole. Raises BadShares."""
    found: dict[str, Decimal] = {}
    for part in filter(None, (text.strip() for text in row["features"].split(","))):
        name, equals, weight = (text.strip() for text in part.partition("="))
        try:
            share = parse_decimal(weight) if equals else Decimal(1)
        except NotMoney as error:
            raise BadShares(f"{part!r} is not feature=share") from error
        if not name or share < 0:
            raise BadShares(f"{part!r} names no feature, or its share is below 0")
        if name in found:
            raise BadShares(f"{name!r} stands twice")
        found[name] = share
    places = max((-share.normalize().as_tuple().exponent for share in found.values()), default=0)
    whole = {name: int(share.scaleb(max(places, 0))) for name, share in found.items()}
    if not sum(whole.values()) or max(whole.values()) > _SHARE_MAX:
        raise BadShares("the shares sum to nothing, or are too fine")
    return whole


def split_revenue(amount: Decimal, weights: Mapping[str, int]) -> dict[str, Decimal]:
    """The amount on the features by their weights, in the order of their names, summing to it
    exactly; {} when nothing weighs, so that it stays where it was."""
    names = sorted(name for name, weight in weights.items() if weight > 0)
    if not names:
        return {}
    return dict(zip(names, split(amount, [weights[name] for name in names]), strict=True))
