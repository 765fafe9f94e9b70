"""Every figure that can be asked why: one question, one answer, one document for all surfaces."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from aicost.kernel.money import plain
from aicost.kernel.periods import utc_text
from attribution.reports.explain import LINES, Explanation, explain
from attribution.reports.explain_bill import BillExplanation, explain_bill
from attribution.reports.explain_estimate import EstimateExplanation, explain_estimate
from attribution.reports.explain_margin import MarginExplanation, explain_margin
from attribution.reports.explain_unit import COLUMNS, UnitExplanation, explain_unit
from attribution.reports.patterns import expanded
from attribution.reports.question import spec_values
from attribution.reports.spec import TAG, BadSpec, Spec
from attribution.reports.trust import Trust

Explained = (
    Explanation | UnitExplanation | MarginExplanation | EstimateExplanation | BillExplanation
)


@dataclass(frozen=True)
class Question:
    """Which figure, of which row. `at` names the row (dimension -> value, '' not set), `line` is
    one of LINES, `column` a column of unit_cost, `charge` (day, id) whose weights are shown.
    `with_charge`: the costs that another figure is made of show their largest charge, too."""

    figure: str
    spec: Spec
    at: Mapping[str, str] = field(default_factory=dict)
    line: str = "owned"
    column: str = ""
    currency: str | None = None
    charge: tuple[date, int] | None = None
    rows: bool = False
    with_charge: bool = True


def _cost(asked: Question) -> Explanation:
    return explain(
        asked.spec,
        asked.at,
        line=asked.line,
        currency=asked.currency,
        charge=asked.charge,
        with_rows=asked.rows,
    )


def _unit(asked: Question) -> UnitExplanation:
    return explain_unit(
        asked.spec,
        asked.at,
        column=asked.column,
        currency=asked.currency,
        with_charge=asked.with_charge,
        with_rows=asked.rows,
    )


def _margin(asked: Question) -> MarginExplanation:
    return explain_margin(
        asked.spec,
        asked.at,
        line=asked.line,
        currency=asked.currency,
        with_charge=asked.with_charge,
        with_rows=asked.rows,
    )


def _estimate(asked: Question) -> EstimateExplanation:
    return explain_estimate(asked.spec, asked.at, line=asked.line, currency=asked.currency)


def _bill(asked: Question) -> BillExplanation:
    return explain_bill(asked.spec, asked.at, currency=asked.currency)


FIGURES: dict[str, Callable[[Question], Explained]] = {
    "cost": _cost,
    "unit_cost": _unit,
    "margin": _margin,
    "estimate": _estimate,
    "reconciliation": _bill,
}


def answer(asked: Question) -> Explained:
    """Raises BadSpec, NotAllowed, NoFigure as the figure's own function does."""
    if asked.figure not in FIGURES:
        raise BadSpec(f"figure {asked.figure!r} is not one of: {', '.join(FIGURES)}")
    if asked.line not in LINES:
        raise BadSpec(f"line {asked.line!r} is not one of: {', '.join(LINES)}")
    return FIGURES[asked.figure](replace(asked, spec=expanded(asked.spec)))


def at_of(pairs: Iterable[str], part: str = "at") -> dict[str, str]:
    """`feature:search`, `tag:team:a`, `feature:` (not set) -> {dimension: value}."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, colon, value = pair.partition(":")
        if name == TAG[:-1]:
            key, colon, value = value.partition(":")
            name = TAG + key
        if not colon or not name.strip():
            raise BadSpec(f"{part}={pair} is not known: write dimension:value")
        if name in found:
            raise BadSpec(f"{part} names {name} twice")
        found[name] = value
    return found


def charge_of(text: str | None) -> tuple[date, int] | None:
    """`2026-11-14:123` -> (day, id); None of nothing."""
    if not text:
        return None
    day, _, number = text.partition(":")
    try:
        found = date.fromisoformat(day), int(number)
    except ValueError as error:
        raise BadSpec(f"charge={text} is not known: write YYYY-MM-DD:number") from error
    if not 0 <= found[1] < 2**63:
        raise BadSpec(f"charge={text} is not known: write YYYY-MM-DD:number")
    return found


def document(asked: Question, found: Explained) -> dict:
    """{figure, question, …the answer's own fields}; decimals are strings without exponent, dates
    ISO, unknown is null."""
    question = spec_values(asked.spec) | {
        "at": dict(asked.at),
        "line": asked.line,
        "column": asked.column,
    }
    return {"explains": asked.figure, "question": question} | _plain(found)


def _plain(value: object) -> object:
    if isinstance(value, Trust):
        return {"final": value.final, "as_of": _plain(value.as_of),
                "residual": _plain(value.residual)}  # fmt: skip
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


__all__ = [
    "COLUMNS",
    "FIGURES",
    "Explained",
    "Question",
    "answer",
    "at_of",
    "charge_of",
    "document",
]
