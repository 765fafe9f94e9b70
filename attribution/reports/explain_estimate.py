"""Why so much is still expected: usage times price, its origin, and what is billed by now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aicost.kernel.periods import utc_today
from attribution.reports.base import binds, check, fetch
from attribution.reports.cost import REPORT as COST
from attribution.reports.expected import ESTIMATED, expected_rows
from attribution.reports.explain import narrowed
from attribution.reports.explain_words import NoFigure, named, told, when
from attribution.reports.spec import Spec
from attribution.reports.trust import Trust, trust_of

LINES_MAX = 24


@dataclass(frozen=True)
class EstimateLine:
    """`quantity` of one thing at one price. `estimated` is None for what nobody priced."""

    bill_source: str
    usage_source: str
    provider: str
    model: str
    resource_id: str
    token_class: str
    quantity: Decimal
    unit_price: Decimal | None
    price_basis: str
    price_origin: str
    estimated: Decimal | None
    first_day: date
    last_day: date


@dataclass(frozen=True)
class EstimateExplanation:
    """`figure` is what is still expected: `estimated` less `billed_by_now`, each model or machine
    never below 0. None: nothing of it is priced."""

    figure: Decimal | None
    currency: str | None
    sentence: str
    trust: Trust
    estimated: Decimal
    billed_by_now: Decimal | None
    lines: tuple[EstimateLine, ...]
    more_lines: int
    more_estimated: Decimal


def explain_estimate(
    spec: Spec,
    dimensions: Mapping[str, str],
    *,
    line: str = "owned",
    currency: str | None = None,
) -> EstimateExplanation:
    """Explain `estimated_cost` of one row of report `cost`. Raises BadSpec, NotAllowed, and
    NoFigure when nothing is expected there."""
    asked = narrowed(spec, dimensions, line)
    check(COST, asked)
    rows = [r for r in expected_rows(asked) if currency in (None, "", r["currency"])]
    rows = [r for r in rows if not asked.group_by or r["activity"]]
    if not rows:
        raise NoFigure(f"nothing is expected of {named(dimensions)} on {when(asked.period)}")
    currency = max(rows, key=lambda row: row[ESTIMATED] or 0)["currency"]
    amounts = [row[ESTIMATED] for row in rows if row["currency"] == currency]
    figure = None if None in amounts else sum(amounts, Decimal(0))
    lines = _lines(asked, currency)
    estimated = sum((one.estimated for one in lines if one.estimated is not None), Decimal(0))
    return EstimateExplanation(
        figure=figure,
        currency=currency,
        sentence=_sentence(asked, dimensions, figure, currency, lines, estimated),
        trust=trust_of(asked),
        estimated=estimated,
        billed_by_now=None if figure is None else estimated - figure,
        lines=lines[:LINES_MAX],
        more_lines=max(len(lines) - LINES_MAX, 0),
        more_estimated=sum((one.estimated or Decimal(0) for one in lines[LINES_MAX:]), Decimal(0)),
    )


def _lines(asked: Spec, currency: str) -> tuple[EstimateLine, ...]:
    names = EstimateLine.__dataclass_fields__
    return tuple(
        EstimateLine(**{name: row[name] for name in names})
        for row in fetch("explain_estimates", binds(asked) | {"today": utc_today()})
        if row["currency"] == currency
    )


def _sentence(
    asked: Spec,
    dimensions: Mapping,
    figure: Decimal | None,
    currency: str,
    lines: tuple[EstimateLine, ...],
    estimated: Decimal,
) -> str:
    head = f"{when(asked.period)}: {named(dimensions)}"
    unpriced = sum(1 for one in lines if one.estimated is None)
    gap = (
        f" {unpriced} of its lines have no price: they are unpriced, not free." if unpriced else ""
    )
    if figure is None:
        return f"{head} has usage without a price, so what is still expected is unknown.{gap}"
    words = f"{head} was estimated at {told(estimated)} {currency} from usage times price"
    if lines and lines[0].unit_price is not None:
        top = lines[0]
        what = top.model or top.resource_id
        words += (
            f", the most for {what}: {told(top.quantity)} {top.token_class.replace('_', ' ')}"
            f" at {told(top.unit_price)} ({top.price_basis.replace('_', ' ')}, {top.price_origin})"
        )
    billed = estimated - figure
    tail = f"; {told(billed)} of it is billed by now" if billed else "; none of it is billed yet"
    return f"{words}{tail}. {told(figure)} are still expected.{gap}"
