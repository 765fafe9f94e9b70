"""Runs of MLflow as the connector `mlflow` writes them: how to read the names, then a run a line.

A run gives a training run, its quality scores, a usage row of its GPU time, and, where its host is
named and no scheduler is, the GPU time it held there.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
import json
import re
from typing import BinaryIO

from ingest.records import (
    DIRECTIONS,
    QualityRecord,
    Record,
    Rejected,
    RunRecord,
    UsageRecord,
)
from ingest.sources import cells
from ingest.sources.base import Head, RowReader, Unreadable
from ingest.sources.canonical_runs import reason_of
from ingest.sources.hostlist import expand
from ingest.sources.job_time import Held, gpu_milliseconds, hourly

NAME = "mlflow_runs"
MARK = b'{"mlflow": {'
STATUS = {
    "RUNNING": "running", "SCHEDULED": "queued", "FINISHED": "finished", "FAILED": "failed",
    "KILLED": "killed",
}  # fmt: skip
_GPU = re.compile(r"system/gpu_(\d+)_")
_DIRECTION = re.compile(rf"\s*\(({'|'.join(DIRECTIONS)})\)\s*$")
_RAW_CHARS_MAX = 2_000
_KEPT_CHARS_MAX = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quality_line(line: str) -> tuple[str, str, str]:
    """Metric, measure and which way is better of a line of the setting: "val_wait = wait (lower)"
    is the metric val_wait, kept as measure `wait`, of which less is better."""
    found = _DIRECTION.search(line)
    key, _, measure = (part.strip() for part in _DIRECTION.sub("", line).partition("="))
    return key, measure or key, found[1] if found else ""


def identify(head: Head) -> bool:
    return head.first_bytes.startswith(MARK)


def records(stream: BinaryIO, name: str) -> Iterator[Record | Rejected]:
    told: dict = {}
    held: list[Held] = []
    held_by: dict[str, list[Held]] = {}
    parents: dict[str, str] = {}
    for number, line in enumerate(stream, start=1):
        try:
            row = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
            if number == 1:
                told = row["mlflow"]
                continue
            run = _Run(row, told)
            held_by[run.id], parents[run.id] = run.held(), run.parent
            yield run.record(held_by[run.id])
            yield from run.quality()
            yield from run.usage(held_by[run.id])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if number == 1:
                cure = "Let the connector write it again"
                raise Unreadable("no header of MLflow runs", f"{name}, line 1", cure) from error
            raw = line.decode(errors="replace").strip()[:_RAW_CHARS_MAX]
            yield Rejected(number, f"no run: {error!r}"[:300], raw)
    for run_id, parts in held_by.items():
        # A child holds what its parent holds: the outermost run with GPUs counts.
        if parts and not held_by.get(parents[run_id]) and parts[0].workload_key[:7] == "mlflow:":
            held += [part for part in parts if part.node]
    yield from hourly(held)


class _Run:
    """One run with its names looked up. Raises ValueError for what cannot be read."""

    def __init__(self, row: dict, told: dict) -> None:
        info, data = row["info"], row.get("data") or {}
        self.told, self.info = told, info
        self.id = cells.text(info.get("run_id") or info["run_uuid"])
        self.params = _pairs(data.get("params"))
        self.tags = _pairs(data.get("tags"))
        self.metrics = _pairs(data.get("metrics"))
        self.experiment = cells.text(row["experiment"]["name"])
        self.of_experiment = row["experiment"].get("tags") or {}
        self.started = _time(info["start_time"])
        self.ended = _time(info["end_time"]) if info.get("end_time") else None
        self.status = STATUS.get(str(info.get("status", "")).upper(), "")
        self.parent = self.tags.get("mlflow.parentRunId", "")
        self.name = info.get("run_name") or self.tags.get("mlflow.runName", "")
        if self.ended is not None and self.ended < self.started:
            raise ValueError("end_time is before start_time")

    def named(self, what: str) -> str:
        """The tag, parameter or tag of the experiment that the source says holds this."""
        key = self.told.get(what) or ""
        found = self.tags.get(key) or self.params.get(key) or self.of_experiment.get(key) or ""
        return cells.text(str(found).strip())

    @property
    def hosts(self) -> tuple[str, ...]:
        return expand(self.named("host_tag").replace(" ", ","))

    @property
    def gpus(self) -> int | None:
        """GPUs that the system metrics show, else a parameter or tag `gpus`."""
        seen = {found[1] for key in self.metrics if (found := _GPU.match(key))}
        told = self.params.get("gpus") or self.tags.get("gpus") or ""
        return len(seen) or (int(told) if told.isdigit() and 0 < int(told) < 10**5 else None)

    @property
    def workload_key(self) -> str:
        job = self.named("job_tag")
        return f"slurm:{self.told.get('cluster', '')}/{job}" if job else f"mlflow:{self.id}"

    def held(self) -> list[Held]:
        end = self.ended
        if end is None and self.status == "running" and self.told.get("as_of"):
            end = max(datetime.fromisoformat(self.told["as_of"]), self.started)
        if end is None or end <= self.started or not self.gpus:
            return []
        hosts = self.hosts or ("",)
        gpus = Decimal(self.gpus) if len(hosts) == 1 else Decimal(self.gpus) / len(hosts)
        common = (self.told.get("cluster", ""),)
        return [
            Held(*common, host, self.started, end, gpus, self.workload_key, pod=self.name)
            for host in hosts
        ]

    def record(self, held: list[Held]) -> RunRecord:
        return RunRecord(
            run_id=self.id,
            workload_key=self.workload_key,
            name=cells.text(self.name),
            experiment=self.experiment,
            model=self.named("model_tag"),
            model_version=self.named("model_version_tag"),
            feature=self.named("feature_tag"),
            user=cells.text(self.tags.get("mlflow.user") or self.info.get("user_id") or ""),
            team=self.named("team_tag"),
            status=self.status,
            started=self.started,
            ended=self.ended,
            hosts=self.hosts,
            gpu_ms=gpu_milliseconds(held) if held else None,
            params=_short(self.params),
            tags=_short(self.tags),
            metrics=_short(self.metrics),
            git_commit=cells.text(self.tags.get("mlflow.source.git.commit", "")),
            parent_run=cells.text(self.parent),
            reason=reason_of(self.named("reason_tag")),
            restarted_from=self.restarted_from,
        )

    @property
    def restarted_from(self) -> str:
        found = (self.tags.get("restarted_from") or self.params.get("restarted_from") or "").lower()
        return found if found in ("checkpoint", "scratch") else "checkpoint" if found else ""

    def quality(self) -> Iterator[QualityRecord]:
        """The chosen metrics, of runs that were not deleted; NaN is no score."""
        if self.info.get("lifecycle_stage") == "deleted":
            return
        for line in self.told.get("quality", []):
            key, measure, better = quality_line(line)
            value = self.metrics.get(key)
            if value is None or value.lower().lstrip("+-") in ("nan", "inf", "infinity"):
                continue
            yield QualityRecord(
                day=(self.ended or self.started).date(),
                model=self.named("model_tag") or self.experiment,
                measure=cells.text(measure),
                better=better,
                score=cells.score(value),
                model_version=self.named("model_version_tag") or cells.text(self.name),
                experiment=self.experiment,
                dataset=cells.text(self.tags.get("dataset") or self.params.get("dataset") or ""),
            )

    def usage(self, held: list[Held]) -> Iterator[UsageRecord]:
        """Its GPU time, on the hour it began; a child's is within its parent's."""
        if held and not self.parent:
            yield UsageRecord(
                time=self.started,
                event_id=self.id,
                model=self.named("model_tag"),
                model_version=self.named("model_version_tag"),
                activity="training",
                run=self.id,
                experiment=self.experiment,
                feature=self.named("feature_tag"),
                team=self.named("team_tag"),
                user=cells.text(self.tags.get("mlflow.user") or ""),
                status=self.status,
                gpu_ms=gpu_milliseconds(held),
            )


def _pairs(found: object) -> dict[str, str]:
    """REST gives lists of {"key", "value"}; of a metric given twice the last stands."""
    return {str(one["key"]): str(one.get("value", "")) for one in found or []}


def _short(values: dict[str, str]) -> dict[str, str]:
    """Without the long ones: source code, notebooks, model descriptions."""
    return {key: value for key, value in values.items() if len(value) <= _KEPT_CHARS_MAX}


def _time(text: str) -> datetime:
    milliseconds = int(text)
    if not 0 < milliseconds < 4 * 10**12:
        raise ValueError(f"{text} is no time in milliseconds")
    return cells.time((_EPOCH + timedelta(milliseconds=milliseconds)).isoformat())


READER = RowReader(NAME, "usage", identify, records)
