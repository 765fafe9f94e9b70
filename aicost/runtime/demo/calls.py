"""Usage files: hourly calls per feature, model version and storefront; one row a training run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aicost.runtime.demo import files
from aicost.runtime.demo.company import STOREFRONTS, WORKS
from aicost.runtime.demo.story import DIURNAL, Story, day_number, hour_number
from aicost.runtime.demo.streams import NIGHTLY_HOURS, Stream, streams
from aicost.runtime.demo.training import Run

# Share of calls in per mille around the bucket of the median, four buckets to a doubling.
_LATENCY_SHAPE = ((-3, 40), (-2, 90), (-1, 150), (0, 210), (1, 170), (2, 120), (3, 90), (4, 60))
_LATENCY_TAIL = ((5, 35), (6, 20), (8, 10), (11, 5))
LATENCY = _LATENCY_SHAPE + _LATENCY_TAIL
_MICROSECONDS_AN_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Calls:
    """Calls of one stream: one element an hour and storefront, only where there were any."""

    stream: Stream
    hours: np.ndarray
    customers: np.ndarray
    requests: np.ndarray
    input_tokens: np.ndarray | None = None
    cached_tokens: np.ndarray | None = None
    output_tokens: np.ndarray | None = None

    def tokens_by_day(self, values: np.ndarray) -> dict[int, int]:
        """Day number → tokens."""
        days, place = np.unique(self.hours // 24, return_inverse=True)
        sums = np.zeros(len(days), dtype=np.int64)
        np.add.at(sums, place, values)
        return dict(zip(days.tolist(), sums.tolist(), strict=True))


def simulate(story: Story) -> list[Calls]:
    told = [stream for stream in streams(story) if any(map(stream.share, story.days))]
    return [_simulate(story, stream) for stream in told]


def _simulate(story: Story, stream: Stream) -> Calls:
    chance = story.random("calls " + stream.name)
    days = [day for day in story.days if stream.share(day) > 0]
    profile = DIURNAL / DIURNAL.sum()
    if stream.nightly:
        profile = np.where(np.arange(24) < NIGHTLY_HOURS, 1 / NIGHTLY_HOURS, 0.0)
    daily = np.array([_calls(story, stream, day) for day in days])
    shares = np.array([share for _, share in STOREFRONTS]) / 1000
    mean = daily[:, None, None] * profile[None, :, None] * shares[None, None, :]
    noise = 1 + 0.03 * chance.standard_normal(mean.shape)
    requests = np.rint(np.maximum(mean * noise, 0)).astype(np.int64).reshape(-1)
    first = np.array([hour_number(day) for day in days], dtype=np.int64)
    hours = np.broadcast_to(
        first[:, None, None] + np.arange(24)[None, :, None], mean.shape
    ).reshape(-1)
    customers = np.broadcast_to(np.arange(len(STOREFRONTS))[None, None, :], mean.shape).reshape(-1)
    keep = requests > 0
    requests, hours, customers = requests[keep], hours[keep], customers[keep]
    if not stream.input_tokens:
        return Calls(stream, hours, customers, requests)
    per_hour = {day_number(day): story.curve(day, stream.input_tokens) for day in days}
    inputs = np.array([per_hour[hour // 24] for hour in hours.tolist()])
    inputs = np.rint(requests * inputs * (1 + 0.02 * chance.standard_normal(len(hours))))
    cached = np.floor(inputs * stream.cached)
    out = {day_number(day): story.curve(day, stream.output_tokens) for day in days}
    outputs = np.rint(requests * np.array([out[hour // 24] for hour in hours.tolist()]))
    plain = (inputs - cached).astype(np.int64)
    return Calls(
        stream,
        hours,
        customers,
        requests,
        plain,
        cached.astype(np.int64) if stream.cached else None,
        outputs.astype(np.int64),
    )


def _calls(story: Story, stream: Stream, day: date) -> float:
    weekend = stream.weekend if day.weekday() >= 5 else 1.0
    return story.curve(day, stream.calls_a_day) * stream.share(day) * weekend


def _histograms(requests: Sequence[int], median_ms: float) -> list[str]:
    """The sparse latency histogram of each row as JSON; what rounding leaves is at the median."""
    middle = round(4 * float(np.log2(median_ms)))
    counts = np.asarray(requests)[:, None] * np.array([share for _, share in LATENCY]) // 1000
    at_median = [offset for offset, _ in LATENCY].index(0)
    counts[:, at_median] += np.asarray(requests) - counts.sum(axis=1)
    names = [middle + offset for offset, _ in LATENCY]
    return [
        json.dumps({name: n for name, n in zip(names, row, strict=True) if n})
        for row in counts.tolist()
    ]


def _table(calls: Calls, chance: np.random.Generator) -> pa.Table:
    stream, n = calls.stream, len(calls.hours)

    def text(value: str) -> pa.Array:
        return pa.array([value] * n, pa.string())

    def count(values: np.ndarray | None) -> pa.Array:
        return pa.nulls(n, pa.int64()) if values is None else pa.array(values, pa.int64())

    failed = chance.binomial(calls.requests, 1 - stream.success)
    stamps = pa.array(calls.hours * _MICROSECONDS_AN_HOUR, pa.int64())
    prompt = calls.requests * stream.system_prompt_tokens if stream.system_prompt_tokens else None
    return pa.table(
        {
            "time": stamps.cast(pa.timestamp("us", tz="UTC")),
            "provider": text(stream.provider),
            "model": text(stream.model),
            "model_version": text(stream.version),
            "workload": text(stream.workload),
            "workload_type": text("inference"),
            "serving_mode": text(stream.serving_mode),
            "feature": text(stream.feature),
            "experiment": text(stream.experiment),
            "team": text(stream.team),
            "environment": text("prod"),
            "customer": pa.array([name for name, _ in STOREFRONTS]).take(pa.array(calls.customers)),
            "requests": count(calls.requests),
            "successes": count(calls.requests - failed),
            "input_tokens": count(calls.input_tokens),
            "cached_input_tokens": count(calls.cached_tokens),
            "output_tokens": count(calls.output_tokens),
            "system_prompt_tokens": count(prompt),
            "latency_histogram": pa.array(
                _histograms(calls.requests, stream.latency_ms), pa.string()
            ),
        }
    )


def write_calls(story: Story, folder: Path, simulated: Sequence[Calls]) -> int:
    """usage/calls_YYYY-MM.parquet, a file a month; returns the rows written."""
    whole = pa.concat_tables(
        [_table(calls, story.random("failures " + calls.stream.name)) for calls in simulated]
    )
    months = pa.compute.strftime(whole["time"], "%Y-%m")
    for month in story.written_months:
        name = f"{month:%Y-%m}"
        part = whole.filter(pa.compute.equal(months, name))
        part = part.sort_by([("time", "ascending"), ("model", "ascending")])
        pq.write_table(part, files.made(folder, "usage") / f"calls_{name}.parquet")
    return whole.num_rows


_RUN_COLUMNS = """
time id model model_version workload workload_type run feature experiment team environment
gpu_seconds status
"""
RUN_COLUMNS = tuple(_RUN_COLUMNS.split())


def write_runs(story: Story, folder: Path, runs: Sequence[Run]) -> int:
    """usage/training_runs_YYYY-MM.csv.gz, one row a run, at its end. The clock of one trainer
    ran backwards once: the last month's file holds a row with negative GPU time."""
    rows = 0
    for month in story.written_months:
        name = f"{month:%Y-%m}"
        lines = [_run_line(run) for run in runs if f"{run.day:%Y-%m}" == name]
        if month == story.months[-1]:
            lines.append(_broken_run(story))
        path = files.made(folder, "usage") / f"training_runs_{name}.csv.gz"
        files.write_csv(path, RUN_COLUMNS, lines)
        rows += len(lines)
    return rows


def _run_line(run: Run) -> list[object]:
    work = WORKS[run.work]
    end = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=run.end) - timedelta(seconds=1)
    model_facts = (work.model, run.version, work.workload, "training", run.name)
    owner = (work.feature, work.experiment, work.team, work.environment)
    stamp = f"{end:%Y-%m-%dT%H:%M:%SZ}"
    return [stamp, run.name, *model_facts, *owner, run.gpu_hours * 3600, run.status]


def _broken_run(story: Story) -> list[object]:
    work = WORKS["train-rank"]
    name = f"train-rank-{story.last:%Y%m%d}-clock"
    stamp = f"{story.last:%Y-%m-%d}T11:59:59Z"
    facts = (work.model, "v3.3", work.workload, "training", name)
    return [stamp, name, *facts, work.feature, "", work.team, "prod", -5400, "failed"]
