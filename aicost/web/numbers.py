"""How figures are written. Exact decimals come in, text goes out; rounding happens here, once.

Zero, unknown and not applicable are three words: "$0.00", "unknown", "n/a".
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from html import escape

from aicost.kernel.periods import Period, next_month
from aicost.web.zone import in_zone, zone_at

UNKNOWN, NOT_APPLICABLE, MINUS = "unknown", "n/a", "−"
NO_BREAK = "\N{NO-BREAK SPACE}"
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_CENT = Decimal("0.01")
_PERCENT_MAX, _TIMES_MAX = 1000, 1000
_SCALES = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def _signed(negative: bool, prefix: str, digits: str, plus: bool) -> str:
    sign = MINUS if negative else "+" if plus else ""
    return f"{sign}{prefix}{digits}"


def sign_of(currency: str | None) -> str:
    """$ for USD; a currency without a sign of its own is written as its code and a space."""
    if not currency:
        return ""
    return _SIGNS.get(currency, f"{currency} ")


def rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def money(amount: Decimal | None, currency: str | None = None, places: int = 2) -> str:
    """-1234.5 USD -> −$1,234.50. A real amount that two decimals would show as zero says so."""
    if amount is None:
        return UNKNOWN
    if amount and abs(amount) < _CENT / 2 and places == 2:
        return f"{MINUS if amount < 0 else ''}<{sign_of(currency)}0.01"
    shown = rounded(amount, places)
    return _signed(shown < 0, sign_of(currency), f"{abs(shown):,.{places}f}", plus=False)


def change(amount: Decimal | None, currency: str | None = None, places: int = 2) -> str:
    """A difference in money, its sign always shown; exactly nothing is $0.00 without a sign."""
    if amount is None:
        return NOT_APPLICABLE
    shown = rounded(amount, places)
    digits = f"{abs(shown):,.{places}f}"
    return _signed(shown < 0, sign_of(currency), digits, plus=shown > 0)


def short_money(amount: Decimal, currency: str | None = None) -> str:
    """$50k, $1.25M: for axes and labels on charts."""
    for scale, letter in _SCALES:
        if abs(amount) >= scale:
            scaled = rounded(amount / scale, 1 if abs(amount) < scale * 10 else 0)
            digits = f"{abs(scaled.normalize()):f}"
            return _signed(amount < 0, sign_of(currency), digits + letter, plus=False)
    return money(amount, currency, 0)


def unit_money(amount: Decimal | None, currency: str | None = None) -> str:
    """A unit cost with three significant digits: $0.0834, $41.2, $1,234."""
    if amount is None:
        return UNKNOWN
    if not amount:
        return f"{sign_of(currency)}0"
    places = max(0, 2 - amount.adjusted())
    shown = rounded(amount, places)
    return _signed(shown < 0, sign_of(currency), f"{abs(shown):,.{places}f}", plus=False)


def count(number: int | Decimal | None) -> str:
    if number is None:
        return UNKNOWN
    return _signed(number < 0, "", f"{abs(int(number)):,}", plus=False)


def short_count(number: int | Decimal | None) -> str:
    """263418442 -> 263.4M."""
    if number is None:
        return UNKNOWN
    value = Decimal(number)
    for scale, letter in _SCALES:
        if abs(value) >= scale:
            return f"{rounded(value / scale, 1):,}{letter}".replace("-", MINUS)
    return count(number)


def percent(part: Decimal | None, whole: Decimal | None, places: int = 1) -> str:
    """part / whole in per cent; nothing to compare with is n/a."""
    if part is None or whole is None or not whole:
        return NOT_APPLICABLE
    return percent_of(part / whole * 100, places)


def percent_of(value: Decimal | None, places: int = 1) -> str:
    if value is None:
        return NOT_APPLICABLE
    shown = rounded(value, places)
    return _signed(shown < 0, "", f"{abs(shown):,.{places}f}%", plus=False)


def change_percent(now: Decimal | None, before: Decimal | None) -> str:
    """+16.3%; "new" when there was nothing before, n/a when nothing can be said. Beyond 1,000% per
    cent say nothing: ×12 is twelve times what it was."""
    if now is None or before is None:
        return NOT_APPLICABLE
    if not before:
        return "new" if now else NOT_APPLICABLE
    shown = rounded((now - before) / abs(before) * 100, 1)
    if abs(shown) > _PERCENT_MAX:
        return _times(now, before)
    return _signed(shown < 0, "", f"{abs(shown):,.1f}%", plus=shown > 0)


def _times(now: Decimal, before: Decimal) -> str:
    if before < 0 or now < 0:
        return f">{'+' if now > before else MINUS}{_PERCENT_MAX:,}%"
    times = rounded(now / before, 0)
    return f"×{times:,}" if times < _TIMES_MAX else f"×{_TIMES_MAX:,} or more"


def rounding(parts: Iterable[Decimal], total: Decimal) -> Decimal:
    """What a total in cents has more than its parts in cents: each is rounded by itself."""
    return rounded(total, 2) - sum((rounded(part, 2) for part in parts), Decimal(0))


def grown(now: Decimal | None, before: Decimal | None) -> str:
    """▼ 7.8%: the arrow says the sign, so the figure does not."""
    text = change_percent(now, before)
    if text in ("new", NOT_APPLICABLE):
        return text
    return f"{arrow(now - before)} {text.lstrip('+' + MINUS)}".strip()


def plural(number: int, one: str, many: str = "") -> str:
    """1 row, 21 rows."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def arrow(difference: Decimal | None) -> str:
    if not difference:
        return ""
    return "▲" if difference > 0 else "▼"


def day(when: date | None) -> str:
    return UNKNOWN if when is None else f"{when.day} {when:%b}"


def day_year(when: date) -> str:
    return f"{day(when)} {when.year}"


def moment(when: datetime | None) -> str:
    """22 Nov, 06:10, in the zone of who reads it."""
    if when is None:
        return "never"
    when = in_zone(when)
    return f"{day(when.date())}, {when:%H:%M}"


def moment_zone(when: datetime | None) -> str:
    """22 Nov, 06:10 UTC."""
    return moment(when) if when is None else f"{moment(when)} {zone_at(when)}"


def period(span: Period, year: bool = False) -> str:
    """1–21 Nov, 28 Oct – 3 Nov, last days included. A line may break between two dates, in none."""
    return _dates(span, year).replace(" ", NO_BREAK).replace(f"–{NO_BREAK}", "– ")


def _dates(span: Period, year: bool) -> str:
    last = span.end - timedelta(days=1)
    tail = f" {last.year}" if year or span.start.year != last.year else ""
    if span.start == last:
        return f"{day(last)}{tail}"
    if (span.start.year, span.start.month) == (last.year, last.month):
        return f"{span.start.day}–{day(last)}{tail}"
    first = day_year(span.start) if span.start.year != last.year else day(span.start)
    return f"{first} – {day(last)}{tail}"


def quarter(first: date) -> str:
    """Q4 2026; a quarter of another year than the calendar's by its months: Nov–Jan 2027."""
    last = next_month(next_month(first))
    if first.month % 3 == 1:
        return f"Q{last.month // 3} {first.year}"
    return f"{first:%b}–{last:%b} {last.year}"


def literal(text: str) -> str:
    """A name of theirs as Plotly writes it out: it would read <a href> and <b> as markup."""
    return escape(text, quote=False)
