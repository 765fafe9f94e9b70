"""Panels of a model page that set cost against quality, one for each measure it is scored by."""

from decimal import Decimal
from functools import partial

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.frontier import drawn, score_text
from aicost.web.model_charts import figure_url, name_of
from aicost.web.model_parts import versions
from aicost.web.qualities import (
    Plane,
    days_of,
    last_gain,
    planes_of,
    quality_of,
    standing,
    version_name,
)
from aicost.web.shell import Panel
from aicost.web.units import per_thousand
from attribution.reports.sheets import Sheet, sheet_of

# Measures are never put on one axis: each has a panel of its own, and no more are drawn.
MEASURES_MAX = 3
COLUMNS = (
    "base_model", "model", "model_version", "experiment", "measure", "dataset", "better",
    "score", "scored_on", "currency", "requests", "marginal_cost", "requests_alone", "cost_from",
    "cost_through", "marginal_cost_per_inference", "loaded_cost_per_inference", "standing",
    "beaten_by", "gained_points", "gain_cost_per_month", "gain_cost_per_point", "reason",
)  # fmt: skip


def _plane(ask: Ask, nth: int) -> Plane | None:
    found = planes_of(ask, name_of(ask))
    return found[nth] if nth < len(found) else None


def build(ask: Ask) -> dict:
    """A part for each measure; of a model nobody scored its versions by calls alone."""
    found, name = planes_of(ask, name_of(ask)), name_of(ask)
    if not found:
        return {"parts": [], "versions": versions(ask)}
    parts = [_part(ask, plane, nth, name) for nth, plane in enumerate(found[:MEASURES_MAX])]
    return {"parts": parts, "more": max(len(found) - MEASURES_MAX, 0)}


def _part(ask: Ask, plane: Plane, nth: int, name: str) -> dict:
    calls = sum(row["requests"] or 0 for row in plane.rows)
    said = f"{len(plane.known)} versions by cost per 1k inferences and {plane.on}"
    return {
        "plane": plane,
        "drawable": len(plane.known) > 1,
        "figure": figure_url(ask, _slug(nth)),
        "size": "medium",
        "summary": f"Quality against cost: {said}; the table has the same figures.",
        "period": numbers.period(ask.period),
        "rows": [_row(row, plane, name, calls, ask) for row in plane.rows],
        "calls": calls,
        "gain": last_gain(plane, name),
    }


def _slug(nth: int) -> str:
    return "quality" if nth == 0 else f"quality_{nth + 1}"


def _row(row: dict, plane: Plane, name: str, calls: int, ask: Ask) -> dict:
    each = row["marginal_cost_per_inference"]
    return {
        "name": version_name(row, name),
        "leads": row["leads_since"] is not None,
        "traffic": numbers.percent(Decimal(row["requests"] or 0), Decimal(calls), 0),
        "score": "" if row["score"] is None else score_text(row["score"]),
        "unit": per_thousand(each, plane.currency),
        "known": each is not None,
        "days": days_of(row, ask),
        "calls": row["requests"] or 0,
        "standing": standing(row),
        "frontier": row["standing"] == "frontier",
        "reason": "" if each is not None else row["reason"],
    }


def figure(ask: Ask, nth: int) -> dict:
    plane = _plane(ask, nth)
    if plane is None or len(plane.known) < 2:
        return {"data": [], "layout": {}}
    return drawn(plane.marks(name_of(ask)), plane.currency, plane.measure, plane.lower)


def table(ask: Ask) -> Sheet:
    """All versions and measures of the model: what the panels show, and the rest."""
    rows = [row for plane in planes_of(ask, name_of(ask)) for row in plane.rows]
    return sheet_of("Quality and cost", quality_of(ask), COLUMNS, rows)


QUALITY = tuple(
    Panel(
        _slug(nth),
        "parts/model_quality.html",
        build,
        partial(figure, nth=nth),
        table if nth == 0 else None,
        "Quality and cost of versions",
        lazy=True,
        size="tall",
    )
    for nth in range(MEASURES_MAX)
)
