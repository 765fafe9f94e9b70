"""Estimated cost hour by hour, as it stood before its bill: what hourly alerts are judged on."""

from attribution.reports.base import Report, binds, fetch, pick
from attribution.reports.spec import Spec

GROUPS = ("feature", "model", "workload", "experiment", "team")


def columns(spec: Spec) -> tuple[str, ...]:
    return ("at", *spec.group_by, "currency", "estimated_cost")


def rows(spec: Spec) -> list[dict]:
    """One row an hour, group and currency; hours of which telemetry tells nothing have none."""
    return pick(fetch("estimated_hours", binds(spec)), columns(spec))


REPORT = Report(
    "estimated_hours", "Estimates by the hour", rows, columns, groups=GROUPS, filters=GROUPS
)
