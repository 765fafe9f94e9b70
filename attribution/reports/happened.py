"""What happened: deploys and commits, notes, prices, restatements, rules and closes; training runs
and who last touched their experiment."""

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
        gpu_ms = row.pop("gpu_ms")
        row["gpu_hours"] = None if gpu_ms is None else hours(gpu_ms)
    return pick(found, RUNS)


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
