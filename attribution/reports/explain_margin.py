"""Why a feature earns so much: its revenue row by row, less its cost charge by charge."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from attribution.reports import margin
from attribution.reports.base import binds, check, fetch
from attribution.reports.explain import Explanation, explain
from attribution.reports.explain_words import NoFigure, named, told, when
from attribution.reports.spec import BadSpec, Spec
from attribution.reports.trust import Trust, trust_of

REVENUE_MAX = 24


@dataclass(frozen=True)
class RevenueLine:
    """Revenue of one delivery under the name it told, before aliases; `file` is its kept file."""

    source: str
    delivery_id: int
    delivery: str
    file: str
    sha256: str
    told: str
    rows: int
    customers: int
    first_day: date
    last_day: date
    amount: Decimal


@dataclass(frozen=True)
class MarginExplanation:
    """`figure` is `revenue` less `cost`; None when no revenue is told: unknown, not zero.
    `revenue` is the sum of the lines and of what the rules of finance moved here out of bundles,
    or away from here (docs/finance.md). `gross_margin` is less `cost_of_revenue` alone."""

    figure: Decimal | None
    percent: Decimal | None
    currency: str | None
    sentence: str
    trust: Trust
    revenue: Decimal | None
    revenue_lines: tuple[RevenueLine, ...]
    more_lines: int
    more_amount: Decimal
    bundled: Decimal
    cost: Decimal
    cost_of_revenue: Decimal
    gross_margin: Decimal | None
    why_cost: Explanation


def explain_margin(
    spec: Spec,
    dimensions: Mapping[str, str],
    *,
    line: str = "owned",
    currency: str | None = None,
    with_charge: bool = True,
    with_rows: bool = False,
) -> MarginExplanation:
    """Explain one row of report `margin`. Raises BadSpec, NotAllowed, and NoFigure when the report
    has no such row."""
    asked = replace(spec, report="margin", group_by=(), granularity="total")
    check(margin.REPORT, asked)
    if set(dimensions) != {"feature"}:
        raise BadSpec("margin is told of a feature: write feature:NAME, or feature: for none")
    feature = dimensions["feature"]
    rows = [
        row
        for row in margin.rows(replace(asked, filters={"feature": (feature,)}))
        if row["line"] == line and currency in (None, "", row["currency"])
    ]
    if not rows:
        raise NoFigure(f"no margin of {named(dimensions)} ({line}) on {when(asked.period)}")
    row = max(rows, key=lambda one: abs(one["cost"]))
    lines = _revenue(asked, feature, row["currency"]) if row["revenue"] is not None else ()
    cost = replace(asked, report="cost", group_by=("feature",), filters={})
    return MarginExplanation(
        figure=row["margin"],
        percent=row["margin_percent"],
        currency=row["currency"],
        sentence=_sentence(asked, dimensions, row, lines),
        trust=trust_of(asked),
        revenue=row["revenue"],
        revenue_lines=lines[:REVENUE_MAX],
        more_lines=max(len(lines) - REVENUE_MAX, 0),
        more_amount=sum((one.amount for one in lines[REVENUE_MAX:]), Decimal(0)),
        bundled=(row["revenue"] or Decimal(0)) - sum((x.amount for x in lines), Decimal(0)),
        cost=row["cost"],
        cost_of_revenue=row["cost_of_revenue"],
        gross_margin=row["gross_margin"],
        why_cost=explain(
            cost,
            dimensions,
            line=line,
            currency=row["currency"],
            with_charge=with_charge,
            with_rows=with_rows,
        ),
    )


def _revenue(asked: Spec, feature: str, currency: str) -> tuple[RevenueLine, ...]:
    values = binds(replace(asked, filters={"feature": (feature,)}))
    names = RevenueLine.__dataclass_fields__
    return tuple(
        RevenueLine(**{name: row[name] for name in names})
        for row in fetch("explain_revenue", values)
        if row["currency"] == currency
    )


def _sentence(asked: Spec, dimensions: Mapping, row: Mapping, lines: tuple) -> str:
    head = f"{when(asked.period)}: {named(dimensions)}"
    cost = f"{told(row['cost'])} {row['currency']}"
    if row["revenue"] is None:
        return f"{head} cost {cost}; its revenue is not told, so its margin is unknown, not zero."
    count = sum(one.rows for one in lines)
    sources = ", ".join(dict.fromkeys(one.source for one in lines))
    by = f"told by {count:,} row{'s'[: count != 1]} of {sources}" if lines else "told elsewhere"
    return (
        f"{head} earned {told(row['revenue'])} {row['currency']}, {by}, and cost {cost}:"
        f" {told(row['margin'])} remain. Cost of revenue is {told(row['cost_of_revenue'])} of it,"
        f" gross margin {told(row['gross_margin'])}."
    )
