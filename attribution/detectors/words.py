"""Money and days in words, for what detectors of facts say."""

from datetime import date
from decimal import Decimal

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}


def money_text(amount: Decimal | None, currency: str) -> str:
    """$412.50; whole from a thousand on. What nobody knows is "an unknown amount"."""
    if amount is None:
        return "an unknown amount"
    sign = _SIGNS.get(currency, f"{currency} " if currency else "")
    digits = f"{abs(amount):,.0f}" if abs(amount) >= 1000 else f"{abs(amount):,.2f}"
    return f"{'−' if amount < 0 else ''}{sign}{digits}"


def day_text(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def when_text(onset: date, last: date) -> str:
    if onset == last:
        return f"on {day_text(onset)}"
    if (onset.year, onset.month) == (last.year, last.month):
        return f"from {onset.day} to {day_text(last)}"
    return f"from {day_text(onset)} to {day_text(last)}"
