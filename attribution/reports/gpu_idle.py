"""When GPUs idle, and what would have saved it: by weekday and hour, in stretches, in whole days.

Idle is `idle-1` (docs/decisions/0006-gpu-time.md) and unreserved time; hours are UTC. A gap in
telemetry is unobserved: it is in none of these.
"""

from attribution.reports.base import Report, binds, fetch, hours, pick
from attribution.reports.gpu import FILTERS
from attribution.reports.spec import Spec

IDLE = ("held_idle", "empty_idle", "unreserved")
OF_NODES = ("source", "resource", "instance_type")
NODES_MAX, RUNS_MAX, HOURS_MIN = 20, 12, 2


def hour_columns(spec: Spec) -> tuple[str, ...]:
    costs = tuple(f"{state}_cost" for state in IDLE)
    return ("weekday", "hour", "currency", "idle_gpu_hours", "idle_cost", *costs)


def hour_rows(spec: Spec) -> list[dict]:
    """`weekday` 1 is Monday; `hour` is None where no telemetry tells the hour. The rows sum to the
    idle money of report gpu."""
    return _in_hours(spec, "gpu_idle_hours", hour_columns(spec))


def run_columns(spec: Spec) -> tuple[str, ...]:
    names = ("resource", "node", "instance_type", "started_at", "ended_at", "idle_for_hours")
    return (*names, "idle_gpu_hours", "held_by", "currency", "idle_cost")


def run_rows(spec: Spec) -> list[dict]:
    """The dearest first, at most RUNS_MAX, of at least HOURS_MIN hours, of the NODES_MAX nodes
    with most idle money."""
    limits = {"nodes_max": NODES_MAX, "rows_max": RUNS_MAX, "hours_min": HOURS_MIN}
    return _in_hours(spec, "gpu_idle_runs", run_columns(spec), limits)


def day_columns(spec: Spec) -> tuple[str, ...]:
    days = ("days", "weekend_days", "idle_days", "idle_weekend_days")
    costs = ("cost", "idle_days_cost", "idle_weekends_cost")
    return ("resource", "node", "instance_type", "currency", *days, *costs)


def day_rows(spec: Spec) -> list[dict]:
    return pick(fetch("gpu_idle_days", binds(spec)), day_columns(spec))


def _in_hours(spec: Spec, query: str, columns: tuple[str, ...], more: dict | None = None):
    rows = fetch(query, binds(spec) | (more or {}))
    for row in rows:
        row["idle_gpu_hours"] = hours(row["idle_ms"])
        row["idle_for_hours"] = row.get("hours")
    return pick(rows, columns)


REPORTS = (
    Report("gpu_idle_hours", "Idle GPU money by weekday and hour", hour_rows, hour_columns,
           filters=FILTERS, measure=None),
    Report("gpu_idle_runs", "The dearest stretches in which a node idled", run_rows, run_columns,
           filters=OF_NODES, whole_company=True),
    Report("gpu_idle_days", "Days on which a node did nothing", day_rows, day_columns,
           filters=OF_NODES, whole_company=True),
)  # fmt: skip
