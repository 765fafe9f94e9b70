"""Cost by any dimension. Every row sums all that stands on its dimensions, so every table adds up
to the bill; what has no name stands on lines below, by kind."""

from attribution.reports.base import (
    ALL_GRANULARITIES,
    ALL_POOLS,
    Report,
    binds,
    fetch,
    pick,
)
from attribution.reports.spec import SERIES_DIMENSIONS, SPREAD, TARGET_DIMENSIONS, Spec

EVIDENCE_COLUMNS = ("measured_cost", "tagged_cost", "inferred_cost", "fallback_cost")


def columns(spec: Spec) -> tuple[str, ...]:
    spreads = (("idle_spread",) if spec.idle == SPREAD else ()) + (
        ("shared_spread",) if spec.shared == SPREAD else ()
    )
    return (
        ("period", *spec.group_by, "line", "currency", "cost", "idle_cost")
        + spreads
        + EVIDENCE_COLUMNS
    )


def rows(spec: Spec) -> list[dict]:
    return pick(fetch("cost", binds(spec)), columns(spec))


REPORT = Report(
    name="cost",
    title="Cost",
    rows=rows,
    columns=columns,
    groups=TARGET_DIMENSIONS + SERIES_DIMENSIONS,
    filters=TARGET_DIMENSIONS + SERIES_DIMENSIONS,
    granularities=ALL_GRANULARITIES,
    pools=ALL_POOLS,
    measure="cost",
)
