"""Cost by cost class: what is cost of revenue, what is research and development, and what else."""

from attribution.reports.base import ALL_GRANULARITIES, ALL_POOLS, Report, pick
from attribution.reports.classed import CLASS, classed_rows
from attribution.reports.expected import ESTIMATED
from attribution.reports.spec import (
    HIERARCHY_DIMENSIONS,
    LAYER,
    SERIES_DIMENSIONS,
    SHOWN,
    SPREAD,
    TARGET_DIMENSIONS,
    Spec,
)

DIMENSIONS = (*TARGET_DIMENSIONS, *HIERARCHY_DIMENSIONS, LAYER, *SERIES_DIMENSIONS)
LINES = ("owned", "workload", "shared", "idle", "unattributed")


def columns(spec: Spec) -> tuple[str, ...]:
    spreads = (("idle_spread",) if spec.idle == SPREAD else ()) + (
        ("shared_spread",) if spec.shared == SPREAD else ()
    )
    return (
        ("period", *spec.group_by, CLASS, "line", "currency", "cost", "idle_cost")
        + spreads
        + ((ESTIMATED,) if spec.estimates == SHOWN else ())
    )


def rows(spec: Spec) -> list[dict]:
    """Every cent in exactly one class: without a filter of class the rows sum to `cost`."""
    names = (*spec.group_by, CLASS, "currency")
    found = sorted(
        classed_rows(spec),
        key=lambda row: (
            row["period"], LINES.index(row["line"]), -row["cost"], [row[name] for name in names]
        ),
    )  # fmt: skip
    return pick(found, columns(spec))


REPORT = Report(
    name="cost_class",
    title="Cost classes",
    rows=rows,
    columns=columns,
    groups=DIMENSIONS,
    filters=(*DIMENSIONS, CLASS),
    granularities=ALL_GRANULARITIES,
    pools=ALL_POOLS,
    measure="cost",
    converts=True,
)
