""" "Why this number?" of figures other than cost: addresses that ask, what their panels show."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse

from aicost.web import numbers
from aicost.web.ask import Ask
from attribution.reports.explain_bill import BillExplanation
from attribution.reports.explain_estimate import EstimateExplanation
from attribution.reports.explain_margin import MarginExplanation
from attribution.reports.explain_unit import UnitExplanation, counted_words

# How many of a unit pages write as one.
TIMES = {"inference": 1000, "success": 1000}
BY_KIND = {"marginal_cost": "workload", "idle_cost": "idle"}


def address(
    ask: Ask,
    *,
    figure: str = "",
    at: Iterable[tuple[str, str]] = (),
    line: str = "",
    column: str = "",
    currency: str | None = "",
    filters: Mapping[str, tuple[str, ...]] | None = None,
    **view,
) -> str:
    """The address of "Why this number?" of one figure of this view. `filters` come on top of the
    view's own; a filter of something the figure is of gives way to it."""
    at = tuple(at)
    named = {name for name, _ in at}
    kept = {k: v for k, v in ask.view.filters.items() if k not in named} | dict(filters or {})
    view = {"filters": kept, "in_currency": "", "sort": ""} | view
    query = ask.frozen_query(**view)
    pairs = [("figure", figure)] if figure else []
    pairs += [("at", f"{name}:{value}") for name, value in at]
    told = {"line": line, "column": column, "currency": billed_in(ask, currency)}
    pairs += [(name, value) for name, value in told.items() if value]
    return f"{reverse('why')}?{query}{'&' if query else ''}{urlencode(pairs)}"


def billed_in(ask: Ask, currency: str | None) -> str:
    """The currency to ask charges for: they are billed in their own, whatever the view shows."""
    return "" if not currency or currency == ask.view.in_currency else currency


def whole(ask: Ask, currency: str | None = "", **filters: tuple[str, ...]) -> str:
    """Why all cost of the view is what it is, narrowed by `filters`."""
    return address(ask, line="total", currency=currency, filters=filters)


def unit_reason(ask: Ask, at: Mapping[str, str], found: UnitExplanation) -> dict:
    unit = found.column.partition("_cost_per_")[2]
    times = TIMES.get(unit, 1)
    each = unit.replace("_", " ")
    per = f"{times:,} {each}s" if times > 1 else f"{'an' if each[0] in 'aeiou' else 'a'} {each}"
    shown = None if found.figure is None else found.figure * times
    own = tuple((name, value) for name, value in at.items() if name != "model_version")
    parts = [
        {
            "name": part.name.replace("_", " ").capitalize(),
            "part": part,
            "href": address(
                ask,
                at=own,
                currency=found.currency,
                filters={"kind": (BY_KIND[part.name],), "activity": ("inference",)},
            ),
        }
        for part in found.parts
    ]
    kind, of = found.column.split("_", 1)[0], " ".join(filter(None, at.values())) or "All models"
    return {
        "big": numbers.unit_money(shown, found.currency or ""),
        "heading": f"{of}, {kind} cost of {per}",
        "parts": parts,
        "counted_words": counted_words(found.denominator_name),
        "per": per,
        "scale": _scale(found, times),
        "names": ", ".join(dict.fromkeys(one.source for one in found.counted if one.counted)),
    }


def _scale(found: UnitExplanation, times: int) -> str:
    """ "$9,796.60 ÷ 235,512 = $0.0416; × 1,000 = $41.6", the whole way to the figure."""
    if found.figure is None:
        return ""
    currency = found.currency or ""

    def unit(amount: Decimal) -> str:
        return numbers.unit_money(amount, currency)

    text = f"{numbers.money(found.numerator, currency)} ÷ {numbers.count(found.denominator)}"
    if found.size > 1:
        return f"{text} × {found.size:,} = {unit(found.figure)}"
    text = f"{text} = {unit(found.figure)}"
    return f"{text}; × {times:,} = {unit(found.figure * times)}" if times > 1 else text


def margin_reason(ask: Ask, at: Mapping[str, str], found: MarginExplanation) -> dict:
    line = "owned" if at.get("feature") else "workload"
    return {
        "big": numbers.money(found.figure, found.currency),
        "heading": f"{at.get('feature') or 'No feature'}, margin",
        "percent": numbers.percent_of(found.percent),
        "cost_href": address(ask, at=tuple(at.items()), line=line, currency=found.currency),
    }


def estimate_reason(ask: Ask, at: Mapping[str, str], found: EstimateExplanation) -> dict:
    lines = [
        {
            "line": one,
            "what": one.model or one.resource_id,
            "class": one.token_class.replace("_", " "),
            "quantity": numbers.count(one.quantity),
            "basis": one.price_basis.replace("_", " "),
        }
        for one in found.lines
    ]
    of = ", ".join(filter(None, at.values())) or "All cost"
    return {
        "big": numbers.money(found.figure, found.currency),
        "heading": f"{of}, still expected",
        "lines": lines,
    }


def bill_reason(ask: Ask, at: Mapping[str, str], found: BillExplanation) -> dict:
    return {
        "big": numbers.money(found.figure, found.currency),
        "heading": f"{found.source}, residual of the bill",
        "period": f"{found.billing_period:%B %Y}",
        "basis": "billed",
        "stands": list(found.stands.items()),
    }
