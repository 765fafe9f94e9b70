"""Runs of MLflow, day by day: a day that may still change is read again."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from aicost.kernel.periods import utc_now, utc_today
from ingest.fetch.base import (
    DATE,
    LINES,
    NUMBER,
    SECRET,
    Check,
    Connector,
    Fetched,
    FetchError,
    Field,
)
from ingest.fetch.http import TRIES_MAX
from ingest.fetch.landing import is_held, land_lines
from ingest.fetch.mlflow_stores import Store, store_at
from ingest.sources.mlflow_runs import quality_line

FIRST_DAYS = 90
OPEN_DAYS_MAX = 60
NAMES = ("model_tag", "model_version_tag", "team_tag", "feature_tag", "host_tag", "job_tag",
         "reason_tag", "cluster")  # fmt: skip


def test(config: Mapping) -> Iterator[Check]:
    store = _store(config, tries=1)
    experiments = _experiments(store, config)
    yield Check(True, f"{len(experiments)} experiments can be read")
    start, end = _milliseconds(utc_today() - timedelta(days=30)), _milliseconds(utc_today(), 2)
    runs = list(store.runs(experiments, start, end))
    yield Check(True, f"{len(runs)} runs began in the last 30 days")
    keys = {metric["key"] for run in runs for metric in run.get("data", {}).get("metrics", [])}
    for line in config["quality"]:
        key, _, _ = quality_line(line)
        if runs and key not in keys:
            known = ", ".join(sorted(k for k in keys if not k.startswith("system/"))[:20])
            yield Check(False, f"no run of these has the metric {key}", f"There are: {known}")


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """A file for each day on which runs began: days not read yet, the last `again_days`, and
    those of which a run still went on."""
    store = _store(config)
    experiments = _experiments(store, config)
    today, open_days = utc_today(), set(state.get("open", []))
    began = date.fromisoformat(config["since"]) if config["since"] else None
    read = state.get("read", "")
    first = date.fromisoformat(read) - timedelta(days=config["again_days"]) if read else began
    first = max(filter(None, (first or today - timedelta(days=FIRST_DAYS), began)))
    older = sorted(day for day in map(date.fromisoformat, open_days) if day < first)
    days = [
        *older[-OPEN_DAYS_MAX:],
        *(first + timedelta(n) for n in range((today - first).days + 1)),
    ]
    for day in days:
        runs = list(store.runs(experiments, _milliseconds(day), _milliseconds(day, 1)))
        runs.sort(key=lambda run: (int(run["info"]["start_time"]), run["info"]["run_id"]))
        going_on = any(run["info"].get("status") == "RUNNING" for run in runs)
        (open_days.add if going_on else open_days.discard)(day.isoformat())
        read = max(read, day.isoformat())
        if not runs:
            continue
        path = folder / f"mlflow_{day}.jsonl"
        _write(path, config, runs, going_on)
        after = {"read": read, "open": sorted(open_days)}
        yield Fetched((path,), path.name, after, {"runs": len(runs)})
        if is_held((path,)):  # the next run begins here
            return


def _write(path: Path, config: Mapping, runs: list[dict], going_on: bool) -> None:
    """How the names are to be read, then a run a line; the same runs give the same bytes."""
    told = {name: config[name] for name in NAMES} | {"quality": list(config["quality"])}
    if going_on:
        told["as_of"] = utc_now().replace(minute=0, second=0, microsecond=0).isoformat()
    land_lines(path, ({"mlflow": told}, *map(_ordered, runs)), sort_keys=True)


def _ordered(run: dict) -> dict:
    """Stores list parameters, tags and metrics in no order."""
    data = run.get("data") or {}
    return {**run, "data": {n: sorted(of, key=lambda one: one["key"]) for n, of in data.items()}}


def _store(config: Mapping, tries: int = TRIES_MAX) -> Store:
    return store_at(
        config["store"],
        config["token"] or "",
        config["user"] or "",
        config["password"] or "",
        tries,
    )


def _experiments(store: Store, config: Mapping) -> dict[str, dict]:
    found, wanted = store.experiments(), set(config["experiments"])
    missing = wanted - {one["name"] for one in found.values()}
    if missing:
        known = ", ".join(sorted(one["name"] for one in found.values())[:20])
        raise FetchError(f"no experiment {sorted(missing)[0]!r}", f"There are: {known}")
    return {key: one for key, one in found.items() if not wanted or one["name"] in wanted}


def _milliseconds(day: date, later_days: int = 0) -> int:
    moment = datetime.combine(day + timedelta(days=later_days), time(), UTC)
    return int(moment.timestamp()) * 1000


def _tag(name: str, label: str, default: str, told: str = "") -> Field:
    return Field(name, label, help=told, required=False, default=default)


CONNECTOR = Connector(
    name="mlflow",
    title="MLflow",
    summary="Runs of experiments: who trained what, when, on which hosts, and how good it became",
    kind="run",
    fields=(
        Field(
            "store",
            "Tracking server or store",
            help="https://mlflow.example.com, a folder mlruns, sqlite:///… or postgresql://…",
        ),
        Field("token", "Token", SECRET, "Bearer token of the server", required=False),
        Field("user", "User", help="Of the server (basic authentication)", required=False),
        Field("password", "Password", SECRET, "Of that user, or of the database", required=False),
        Field("experiments", "Experiments", LINES, "One a line; empty: all", required=False),
        Field("since", "Since", DATE, f"Default: {FIRST_DAYS} days back", required=False),
        Field("again_days", "Read again", NUMBER, "Days, for late metrics", False, 7),
        Field(
            "quality",
            "Quality metrics",
            LINES,
            "One a line: the metric, or metric = measure (val_ndcg = ndcg). Behind it, (lower) or "
            "(higher) says which way is better",
            required=False,
        ),
        _tag("model_tag", "Tag or parameter with the model", "model"),
        _tag("model_version_tag", "… with the model's version", "model_version"),
        _tag("team_tag", "… with the team", "team"),
        _tag("feature_tag", "… with the feature", "feature"),
        _tag("host_tag", "… with the host", "host", "As telemetry or the bill names the node"),
        _tag("job_tag", "… with the Slurm job", "slurm_job_id"),
        _tag("reason_tag", "… with the reason of the run", "reason"),
        _tag("cluster", "Cluster", "", "Of hosts and Slurm jobs"),
    ),
    test=test,
    fetch=fetch,
)
