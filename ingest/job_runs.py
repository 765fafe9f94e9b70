"""Training runs that only the bill knows: managed jobs, by the resource they are charged to."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
import json

from django.db import connection

from aicost.kernel.sqlfiles import sql
from ingest.models import Source, TrainingRun
from ingest.sources.job_names import training_job

_TAG = "experiment"
_TEAM = "team"
_UPDATED = ("name", "experiment", "team", "started", "ended", "tags")


def keep_job_runs(source: Source, periods: Sequence[date], days: Sequence[date]) -> int:
    """Bring the runs of the training jobs in these billing periods up to date; how many. A bill
    knows days: a run is said to begin with its first and to end with its last."""
    if not periods or not days:
        return 0
    binds = {"periods": list(periods), "first_day": min(days), "last_day": max(days)}
    with connection.cursor() as cursor:
        cursor.execute(sql("ingest.sql", "job_series"), {"source": source.pk, **binds})
        rows = cursor.fetchall()
    known = TrainingRun.objects.filter(source=source, run_id__in=[row[0] for row in rows])
    before = {run.run_id: run for run in known}
    runs = [_run(source, row, before.get(row[0])) for row in rows]
    TrainingRun.objects.bulk_create(
        runs,
        update_conflicts=True,
        unique_fields=("source", "run_id"),
        update_fields=_UPDATED,
        batch_size=1000,
    )
    return len(runs)


def _run(source: Source, row: tuple, before: TrainingRun | None) -> TrainingRun:
    resource, first, last, instance_type, tags, account = row
    name, base = training_job(resource)
    started = datetime.combine(first, time(), UTC)
    ended = datetime.combine(last + timedelta(days=1), time(), UTC)
    if before is not None:
        started, ended = min(started, before.started), max(ended, before.ended)
    told = _by_plain_key(json.loads(tags))
    return TrainingRun(
        source=source,
        run_id=resource,
        name=name,
        experiment=told.get(_TAG) or base,
        team=told.get(_TEAM, ""),
        started=started,
        ended=ended,
        tags={"instance_type": instance_type, "account": account, "times": "days of the bill"},
    )


def _by_plain_key(tags: dict) -> dict[str, str]:
    """Tags under the last part of their keys, small: user:Experiment is experiment."""
    return {
        key.lower().replace("user_", "user:").rsplit(":", 1)[-1]: value
        for key, value in sorted(tags.items())
        if value
    }
