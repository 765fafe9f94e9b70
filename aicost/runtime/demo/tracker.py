"""runs/: what the experiment tracker knows of training runs and experiments, in the format `runs`.

A run of the fleets is the one whose GPU time `training.py` planned; a run of an experiment is one
pod of `fleet.py`. One in sixteen fails and is started again from its checkpoint, spot nodes take a
few away, one was left on over a weekend, and the last one of the ranker still runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
import json
from pathlib import Path

from aicost.runtime.demo import company as c
from aicost.runtime.demo import files
from aicost.runtime.demo.fleet import TRAIN, Segment
from aicost.runtime.demo.story import Story, date_of_hour, hour_number
from aicost.runtime.demo.training import Run

SOURCE = "tracker"
COLUMNS = (
    "run_id", "name", "workload_key", "started", "ended", "status", "experiment", "model",
    "model_version", "feature", "team", "user", "environment", "hosts", "gpu_seconds", "reason",
    "restarted_from", "git_commit", "params", "metrics",
)  # fmt: skip
FINISHED, FAILED, KILLED, RUNNING = "finished", "failed", "killed", "running"
DRIFT, DATA_FIX, RESTART, OTHER = "drift", "data_fix", "failure_restart", "other"
PEOPLE = {"relevance": ("noor", "jae", "ola"), "personalisation": ("luca", "mei")}
HOSTS = {"train-rank": "rec-train", "train-persona": "pers-train"}
NOTEBOOK = "exp-two-tower-notebook-0"
NOTEBOOK_PLANNED_HOURS = 10


@dataclass(frozen=True)
class Tracked:
    """One run as the tracker tells it; times in hours since 1970, `end` None while it runs."""

    name: str
    work: c.Work
    version: str
    start: int
    end: int | None
    status: str
    gpu_hours: int
    hosts: tuple[str, ...]
    reason: str = ""
    restarted_from: str = ""
    key: str = ""
    params: tuple[tuple[str, object], ...] = ()
    metrics: tuple[tuple[str, str], ...] = ()


def track(story: Story, runs: Sequence[Run], segments: Iterable[Segment]) -> list[Tracked]:
    """All runs that began in the days of the story, in order of time."""
    found = [*_of_fleets(story, runs), *_of_experiments(story, segments)]
    return sorted(found, key=lambda run: (run.start, run.name))


def write_tracked(story: Story, folder: Path, tracked: Sequence[Tracked]) -> int:
    """runs/runs_YYYY-MM.csv.gz, by the month in which a run began; returns the rows written."""
    for month in story.written_months:
        name = f"{month:%Y-%m}"
        rows = [_row(run) for run in tracked if f"{date_of_hour(run.start):%Y-%m}" == name]
        files.write_csv(files.made(folder, "runs") / f"runs_{name}.csv.gz", COLUMNS, rows)
    return len(tracked)


def _of_fleets(story: Story, runs: Sequence[Run]) -> Iterator[Tracked]:
    """Scheduled retraining: monthly habits first, by drift once it is continuous, again after a
    failure, and with mended labels where personalisation doubled its window."""
    failed_before: dict[str, bool] = {}
    for run in runs:
        work, chance = c.WORKS[run.work], story.random("tracked " + run.name)
        status = FAILED if run.status == "failed" else FINISHED
        if status == FINISHED and run.work == "train-rank" and chance.random() < 0.02:
            status = KILLED  # its spot nodes were taken back
        end: int | None = run.end
        if run.end == hour_number(story.end) and run.work == "train-rank":
            status, end = RUNNING, None
        again = failed_before.get(run.work, False)
        failed_before[run.work] = status in (FAILED, KILLED)
        done = status == FINISHED
        yield Tracked(
            run.name, work, run.version, run.start, end, status, run.gpu_hours,
            (HOSTS[run.work],),
            RESTART if again else _why(story, run),
            "checkpoint" if again else "",
            params=(("window_days", _window(story, run)), ("batch", 4096), ("lr", "0.0003")),
            metrics=(("loss", f"0.{int(chance.integers(2100, 2400))}"),) if done else (),
        )  # fmt: skip


def _why(story: Story, run: Run) -> str:
    if run.work == "train-persona" and story.month_index(run.day) == 5 and run.day.day in (9, 10):
        return DATA_FIX
    return DRIFT if run.day >= story.continuous_retraining else OTHER


def _window(story: Story, run: Run) -> int:
    doubled = run.work == "train-rank" and run.day >= story.continuous_retraining
    return 56 if doubled else 28


def _of_experiments(story: Story, segments: Iterable[Segment]) -> Iterator[Tracked]:
    """A run a pod; what goes on for days is told as a run a day, but for what nobody ended."""
    for segment in segments:
        work = segment.work
        if work is None or work.activity != "experimentation":
            continue
        if segment.pod == NOTEBOOK:
            if date_of_hour(segment.start) == story.idle_saturday:
                yield _left_on(segment)
        elif segment.idle < 1:
            yield from _daily(story, segment, work)


def _left_on(segment: Segment) -> Tracked:
    """Planned for ten hours, ended by whoever came on Monday."""
    end = segment.start + 48
    return Tracked(
        "two-tower-notebook", segment.work, "", segment.start, end, KILLED, 48 * segment.gpus,
        (segment.node.name,), OTHER, key=_key(segment),
        params=(("planned_hours", NOTEBOOK_PLANNED_HOURS),),
    )  # fmt: skip


def _daily(story: Story, segment: Segment, work: c.Work) -> Iterator[Tracked]:
    for start in range(segment.start, segment.end, 24):
        end = min(start + 24, segment.end)
        day = date_of_hour(start)
        name = f"{work.experiment}-{day:%Y%m%d}"
        # The node of two-tower went silent at noon of the gap's day.
        broken = day == story.gap_day or story.random("tracked " + name).random() < 0.07
        hours = end - start
        yield Tracked(
            name, work, f"{day:%Y%m%d}", start, end, FAILED if broken else FINISHED,
            hours * segment.gpus, (segment.node.name,), OTHER, key=_key(segment),
            params=(("planned_hours", hours), ("seed", day.toordinal() % 97)),
        )  # fmt: skip


def _key(segment: Segment) -> str:
    return f"k8s:{TRAIN}/{segment.work.namespace}/{segment.pod}/main"


def _row(run: Tracked) -> list[object]:
    work, day = run.work, date_of_hour(run.start)
    people = PEOPLE.get(work.team, ("ines",))
    return [
        run.name, run.name, run.key, _stamp(run.start),
        "" if run.end is None else _stamp(run.end, -1), run.status, work.experiment, work.model,
        run.version, work.feature, work.team, people[day.toordinal() % len(people)],
        work.environment, " ".join(run.hosts), run.gpu_hours * 3600, run.reason,
        run.restarted_from, _commit(work, day), _json(run.params), _json(run.metrics),
    ]  # fmt: skip


def _stamp(hour: int, seconds: int = 0) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour, seconds=seconds)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _commit(work: c.Work, day: date) -> str:
    """The code changes once a week."""
    return sha256(f"commit {work.workload} {day:%G-%V}".encode()).hexdigest()[:12]


def _json(pairs: tuple[tuple[str, object], ...]) -> str:
    return json.dumps(dict(pairs)) if pairs else ""
