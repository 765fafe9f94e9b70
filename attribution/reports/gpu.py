"""GPU-hours and their money by state: active, held idle, empty idle, unreserved, unobserved."""

from attribution.reports.base import ALL_GRANULARITIES, Report, binds, fetch, hours, pick
from attribution.reports.spec import Spec

STATES = ("active", "held_idle", "empty_idle", "unreserved", "unobserved")
GROUPS = (
    "source",
    "resource",
    "instance_type",
    "node",
    "cluster",
    "workload",
    "model",
    "feature",
    "experiment",
    "team",
    "environment",
    "activity",
)
FILTERS = tuple(name for name in GROUPS if name not in ("node", "cluster"))


def columns(spec: Spec) -> tuple[str, ...]:
    times = tuple(f"{state}_hours" for state in STATES)
    costs = tuple(f"{state}_cost" for state in STATES)
    return (
        "period",
        *spec.group_by,
        "currency",
        "gpu_hours",
        *times,
        "cost",
        *costs,
        "last_seen",
        "machine",
    )


def rows(spec: Spec) -> list[dict]:
    """Hours are GPU-hours of wall clock, rounded to a millionth; `last_seen` is the last day of the
    period on which telemetry told of it, None when it was silent;
    `machine` is the instance type, where all of the row is of one."""
    return pick([_in_hours(row) for row in fetch("gpu", binds(spec))], columns(spec))


def _in_hours(row: dict) -> dict:
    by_state = {f"{state}_hours": hours(row[f"{state}_ms"]) for state in STATES}
    return row | by_state | {"gpu_hours": hours(row["gpu_ms"])}


REPORT = Report(
    name="gpu",
    title="GPU time",
    rows=rows,
    columns=columns,
    groups=GROUPS,
    filters=FILTERS,
    granularities=ALL_GRANULARITIES,
    measure="cost",
)
