"""What happened: deploys and commits, notes, prices, restatements, rules and closes; training runs
and who last touched their experiment."""

from decimal import Decimal

from attribution.reports.base import Report, binds, fetch, hours, pick
from attribution.reports.spec import Spec

ANNOTATIONS = (
    "at",
    "kind",
    "title",
    "author",
    "repository",
    "branch",
    "commit",
    "environment",
    "workload",
    "model",
    "feature",
    "experiment",
    "team",
    "url",
    "source",
    "billed_delta",
    "currency",
    "note_id",
)
RUNS = (
    "run",
    "name",
    "experiment",
    "model",
    "model_version",
    "feature",
    "team",
    "user",
    "status",
    "started_at",
    "ended_at",
    "took_hours",
    "planned_hours",
    "gpu_hours",
    "reason",
    "restarted_from",
    "commit",
    "touched_by",
    "touched_by_what",
    "touched_at",
    "source",
)
CONCERNS = ("workload", "model", "feature", "experiment", "team", "environment")


def annotation_rows(spec: Spec) -> list[dict]:
    return fetch("annotations", binds(spec))


def run_rows(spec: Spec) -> list[dict]:
    """Runs of the period, the newest first; GPU hours are None where nobody knows them. What a
    run cost is report `run_cost`."""
    found = fetch("runs", binds(spec))
    for row in found:
        row["gpu_hours"] = _hours(row.pop("gpu_ms"))
        row["took_hours"] = _hours(row.pop("took_ms"))
    return pick(found, RUNS)


def _hours(milliseconds: int | None) -> Decimal | None:
    return None if milliseconds is None else hours(milliseconds)


REPORTS = (
    Report(
        "annotations",
        "What happened",
        annotation_rows,
        lambda spec: ANNOTATIONS,
        filters=CONCERNS,
    ),
    Report(
        "runs",
        "Training runs",
        run_rows,
        lambda spec: RUNS,
        filters=("experiment", "model", "feature", "team"),
    ),
)
