"""Training runs told by spans, into `TrainingRun`: a run that comes again is the same run."""

from datetime import datetime

from ingest.models import Delivery, Source, TrainingRun

_TEXTS = ("name", "experiment", "model", "model_version", "feature", "user", "team", "environment")
_MORE = ("reason", "restarted_from", "git_commit")


def fold_runs(source: Source, delivery: Delivery, runs: list[dict]) -> None:
    for told in runs:
        values = {name: told.get(name, "") for name in (*_TEXTS, *_MORE)}
        values |= {
            "delivery": delivery,
            "status": told["status"],
            "started": datetime.fromisoformat(told["started"]),
            "ended": datetime.fromisoformat(told["ended"]),
            "gpu_ms": told["gpu_ms"],
            "metrics": told["metrics"],
        }
        TrainingRun.objects.update_or_create(source=source, run_id=told["run_id"], defaults=values)
