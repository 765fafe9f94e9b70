"""Amounts of money as pages write them: found in a page, read, and written again."""

from collections.abc import Iterator
from decimal import Decimal
import html
import re

from aicost.web import numbers

CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
SIGNS = "".join(CURRENCIES)
SCALES = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9}
MONEY = re.compile(rf"[−+]?[{SIGNS}](?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?[kMB]?")
# The rest of a list, whose parts are not said, and what rounding to cents makes of a sum.
LEFT_OUT = re.compile(
    rf"(?:\d+ (?:smaller causes|others)(?:, \d+ without cost now)?|\d+ without cost now|rounding"
    rf"|from the total by)(?: ?[−+]?[{SIGNS}]?[\d,.]+%?)+"
)
INLINE = re.compile(r"</?(?:small|b|span|strong|sup)\b[^>]*>")


def words(page: str) -> str:
    """The text of a page; inline marks part no number."""
    text = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", " ", page)
    text = re.sub(r"<[^>]*>", " ", INLINE.sub("", text))
    return " ".join(html.unescape(text).split())


def shown(page: str) -> list[str]:
    """The amounts of money on a page, as written."""
    return MONEY.findall(LEFT_OUT.sub(" ", words(page)))


def around(page: str, amount: str) -> str:
    """An amount with the words before it."""
    text = words(page)
    at = text.find(amount)
    return text[max(0, at - 80) : at + len(amount)]


def meant(text: str) -> tuple[str, Decimal, Decimal]:
    """The currency of an amount as it is written, and between what it may lie."""
    letter = text[-1] if text[-1] in SCALES else ""
    digits = text[1:].removesuffix(letter).replace(",", "")
    amount, step = Decimal(digits), Decimal(1).scaleb(-len(digits.partition(".")[2]))
    scale = SCALES[letter]
    return CURRENCIES[text[0]], (amount - step) * scale, (amount + step) * scale


def written(value: Decimal, currency: str) -> Iterator[str]:
    for places in (2, 0):
        yield numbers.money(value, currency, places)
    yield numbers.short_money(value, currency)
