"""What happened: deploys and commits, notes, prices, restatements, rules and closes; training runs
and who last touched their experiment."""

from decimal import Decimal

from aicost.kernel.money import QUANTUM
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
    "currency",
    "cost",
    "reason",
    "restarted_from",
    "commit",
    "touched_by",
    "touched_by_what",
    "touched_at",
    "source",
)
ENDED = ("finished", "failed", "killed")
CONCERNS = ("workload", "model", "feature", "experiment", "team", "environment")


def annotation_rows(spec: Spec) -> list[dict]:
    return fetch("annotations", binds(spec))


def run_rows(spec: Spec) -> list[dict]:
    """Runs of the period, the newest first; GPU hours are None where nobody knows them. The cost
    of a run is its share of its experiment's money (of its model's, where it names none) by the
    GPU time of all its runs that ended, as in `failed_work`: a second view over the ledger."""
    found = fetch("runs", binds(spec))
    money = _money(spec) if found else {}
    for row in found:
        gpu_ms = row["gpu_ms"]
        row["gpu_hours"] = None if gpu_ms is None else hours(gpu_ms)
        row["currency"], row["cost"] = _cost(row, money)
    return pick(found, RUNS)


def _money(spec: Spec) -> dict[tuple[str, str], dict[str, tuple[Decimal, int]]]:
    """(experiment, model of what has none) -> currency -> (money, GPU-ms of all its runs)."""
    found: dict = {}
    for row in fetch("failed_runs", binds(spec)):
        if row["ran_ms"] is not None:
            key = (row["experiment"], "" if row["experiment"] else row["model"])
            cost, _ = found.setdefault(key, {}).get(row["currency"], (Decimal(0), 0))
            found[key][row["currency"]] = (cost + row["cost"], row["ran_ms"])
    return found


def _cost(row: dict, money: dict) -> tuple[str | None, Decimal | None]:
    """Unknown while it runs, where nobody knows its GPU time, and in several currencies."""
    experiment = row["ledger_experiment"]
    of = money.get((experiment, "" if experiment else row["ledger_model"]), {})
    if row["status"] not in ENDED or not row["gpu_ms"] or len(of) != 1:
        return None, None
    [(currency, (cost, ran_ms))] = of.items()
    return currency, (cost * row["gpu_ms"] / ran_ms).quantize(QUANTUM)


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
