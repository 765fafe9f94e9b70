"""Slurm accounting, the output of `sacct -P` with its header (docs/sources/slurm.md).

Only the allocation row of a job holds GPUs; its steps tell what the GPUs did.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
import io
import re
from typing import BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aicost.kernel.periods import utc_now
from ingest.records import Record, Rejected, RunRecord
from ingest.sources import cells
from ingest.sources.base import Head, RowReader, Unreadable
from ingest.sources.canonical_runs import reason_of
from ingest.sources.hostlist import expand
from ingest.sources.job_time import Held, gpu_milliseconds, hourly

NAME = "slurm"
NEEDED = {"start", "end", "nodelist", "alloctres"}
STATUS = {
    "RUNNING": "running", "COMPLETING": "running", "SUSPENDED": "running", "CONFIGURING": "running",
    "COMPLETED": "finished", "FAILED": "failed", "NODE_FAIL": "failed", "BOOT_FAIL": "failed",
    "OUT_OF_MEMORY": "failed", "DEADLINE": "failed", "TIMEOUT": "failed", "CANCELLED": "killed",
    "PREEMPTED": "killed", "REVOKED": "killed", "REQUEUED": "killed", "REQUEUE": "killed",
    "PENDING": "queued", "RESIZING": "running",
}  # fmt: skip
_LINE_CHARS_MAX = 1 << 20
_RAW_CHARS_MAX = 2_000
_UNKNOWN = {"", "unknown", "none", "n/a"}
_PAIR = re.compile(r"(\w+)=([^\s,;]+)")
_GRES = re.compile(r"gpu(?::[^:,()]+)?:(\d+)")
_MIG = re.compile(r"\d+g\.\d+gb")
_FILE = re.compile(r"sacct_([^_]+)_")


@dataclass
class _File:
    """What the comments of a file say, and the rows below them."""

    cluster: str = ""
    zone: object = UTC
    start: datetime | None = None
    end: datetime | None = None
    gpus_of: dict[str, int] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass
class _Job:
    """One attempt at a job: its allocation row, and the usage of its longest step."""

    line: int
    raw: str
    told: dict[str, str]
    number: str
    again: bool = False
    step_seconds: int = -1
    usage: dict[str, Decimal] = field(default_factory=dict)


def identify(head: Head) -> bool:
    text = head.first_bytes.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        columns = {name.strip().lower() for name in line.split("|")}
        return columns >= NEEDED and bool(columns & {"jobidraw", "jobid"})
    return False


def records(stream: BinaryIO, name: str) -> Iterator[Record | Rejected]:
    """Hourly intervals of every job that held GPUs, one run for every attempt at a job, and one
    interval per node and hour in which the file says that it knows all reservations."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    try:
        file = _File(cluster=_cluster_of(name))
        jobs = _jobs(text, file, name)
        yield from file.rejected
        held: list[Held] = []
        for job in jobs:
            try:
                parts = _held(job, file)
                yield _run(job, file, parts)
            except ValueError as error:
                yield Rejected(job.line, str(error), job.raw)
            else:
                held += parts
        if held or not jobs:
            held += _coverage(file)
        elif any(expand(job.told.get("nodelist", "")) for job in jobs):
            yield Rejected(jobs[0].line, _NO_GRES, jobs[0].raw)
        yield from hourly(held)
    finally:
        text.detach()


_NO_GRES = (
    "no job of the file has gres/gpu in AllocTRES, so nobody knows who held GPUs: set"
    " AccountingStorageTRES=gres/gpu in slurm.conf and restart slurmdbd"
)


def _cluster_of(name: str) -> str:
    found = _FILE.search(name.rsplit("/", 1)[-1])
    return found[1] if found else ""


def _jobs(text: io.TextIOWrapper, file: _File, name: str) -> list[_Job]:
    """The attempts in the order of the file; a job's steps follow its allocation row."""
    columns: list[str] = []
    latest: dict[str, _Job] = {}
    jobs: list[_Job] = []
    for number, line in enumerate(text, start=1):
        line = line.rstrip("\r\n")
        if len(line) > _LINE_CHARS_MAX:
            raise Unreadable("the line is endless", f"{name}, line {number}", "Write it again")
        if line.startswith("#"):
            _comment(line, number, file)
        elif line.strip() and not columns:
            columns = [column.strip().lower() for column in line.split("|")]
        elif line.strip():
            _row(line, number, columns, file, latest, jobs)
    return jobs


def _row(line, number, columns, file: _File, latest: dict[str, _Job], jobs: list[_Job]) -> None:
    values = line.split("|")
    if len(values) != len(columns):
        reason = f"{len(values)} fields where the header has {len(columns)}"
        file.rejected.append(Rejected(number, reason, line[:_RAW_CHARS_MAX]))
        return
    told = dict(zip(columns, map(str.strip, values), strict=True))
    job, dot, _ = (told.get("jobidraw") or told.get("jobid") or "").partition(".")
    if not job:
        file.rejected.append(Rejected(number, "no JobIDRaw", line[:_RAW_CHARS_MAX]))
    elif dot and job in latest:
        _step(latest[job], told)
    elif dot:
        reason = "a step without its allocation row: leave out --name and -j filters on steps"
        file.rejected.append(Rejected(number, reason, line[:_RAW_CHARS_MAX]))
    else:
        before = latest.get(job)
        if before is not None and before.told == told:
            return
        again = before is not None and before.told.get("start", "").lower() not in _UNKNOWN
        latest[job] = _Job(number, line[:_RAW_CHARS_MAX], told, job, again)
        jobs.append(latest[job])


def _comment(line: str, number: int, file: _File) -> None:
    """`# sacct cluster=… start=… end=… tz=…` and `# node NAME gres=…`; others are passed over."""
    words = line.lstrip("# ").split()
    told = dict(_PAIR.findall(line))
    try:
        if words[:1] == ["sacct"]:
            file.cluster = told.get("cluster", file.cluster)
            file.zone = _zone(told.get("tz", "UTC"))
            file.start = _time(told.get("start", ""), file.zone)
            file.end = _time(told.get("end", ""), file.zone)
            if file.end and file.end > utc_now() + cells.CLOCK_SKEW:
                raise ValueError("the file cannot know what comes: end is in the future")
        elif words[:1] == ["node"] and len(words) > 1:
            gpus = sum(map(int, _GRES.findall(told.get("gres", "")))) or 0
            for node in expand(words[1]):
                file.gpus_of[node] = max(gpus, file.gpus_of.get(node, 0))
    except ValueError as error:
        file.start = file.end = None
        file.rejected.append(Rejected(number, str(error), line[:_RAW_CHARS_MAX]))


def _zone(name: str):
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"tz={name[:40]} is no time zone such as Europe/Berlin") from None


def _time(text: str, zone) -> datetime | None:
    """A time of Slurm as UTC: with an offset as it says, else in the cluster's zone."""
    if text.lower() in _UNKNOWN:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time YYYY-MM-DDTHH:MM:SS") from None
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    if moment.date() < cells.EARLIEST:
        raise ValueError(f"{text[:40]!r} is before 2000")
    return moment


def _step(job: _Job, told: dict[str, str]) -> None:
    """Keep the usage of the longest step; .extern holds the node and does nothing."""
    seconds = int(told.get("elapsedraw") or 0) if (told.get("elapsedraw") or "").isdigit() else 0
    usage = _usage(told.get("tresusageinave", ""))
    if usage and seconds > job.step_seconds:
        job.step_seconds, job.usage = seconds, usage


def _usage(text: str) -> dict[str, Decimal]:
    """gpu_util in percent and gpu_mem in bytes. Zero, infinite and absurd values are what MIG and
    unsupported GPUs report: unknown."""
    found = {}
    for key, most in (("gres/gpuutil", 100), ("gres/gpumem", 10**13)):
        told = re.search(rf"(?:^|,){key}=([^,]+)", text)
        try:
            value = _amount(told[1]) if told else Decimal(0)
        except (InvalidOperation, ValueError):
            continue
        if value.is_finite() and 0 < value <= most:
            found[key.removeprefix("gres/").replace("gpu", "gpu_")] = value
    return found


def _amount(text: str) -> Decimal:
    scale = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}.get(text[-1:].upper(), 1)
    return Decimal(text.rstrip("KMGTkmgt")) * scale


def _gpus(tres: str) -> int | None:
    """GPUs of an allocation: `gres/gpu=4`, or the typed counts where only they are written. None
    when the allocation names no GPU."""
    pairs = dict(part.split("=", 1) for part in tres.split(",") if "=" in part)
    told = pairs.get("gres/gpu")
    typed = [count for key, count in pairs.items() if key.startswith("gres/gpu:")]
    counts = [told] if told is not None else typed
    if not counts:
        return None
    if not all(count.isdigit() and int(count) <= 10**6 for count in counts):
        raise ValueError(f"AllocTRES {tres[:80]!r} has no count of GPUs")
    return sum(map(int, counts))


def _span(job: _Job, file: _File) -> tuple[datetime | None, datetime | None, bool]:
    """(start, end, is over); of a running job the end is as far as its time is known."""
    start = _time(job.told.get("start", ""), file.zone)
    end = _time(job.told.get("end", ""), file.zone)
    if start is None or end is not None:
        return start, end, True
    elapsed = job.told.get("elapsedraw", "")
    if elapsed.isdigit():
        return start, min(start + timedelta(seconds=int(elapsed)), utc_now()), False
    if file.end is None:
        raise ValueError("End is unknown: ask for ElapsedRaw too, or say `# sacct end=…`")
    return start, max(file.end, start), False


def _held(job: _Job, file: _File) -> list[Held]:
    """The job's GPUs on each of its nodes, in equal parts: sacct gives only their sum."""
    start, end, _ = _span(job, file)
    nodes, gpus = expand(job.told.get("nodelist", "")), _gpus(job.told.get("alloctres", ""))
    if not gpus or not nodes or start is None or end <= start:
        if start is not None and end < start:
            raise ValueError("End is before Start")
        return []
    utilisation = job.usage.get("gpu_util")
    if utilisation is not None and _MIG.search(job.told.get("alloctres", "").lower()):
        utilisation = None
    cluster = job.told.get("cluster") or file.cluster
    return [
        Held(
            cluster=cluster,
            node=node,
            start=start,
            end=end,
            gpus=Decimal(gpus) / len(nodes),
            workload_key=f"slurm:{cluster}/{job.number}",
            namespace=cells.text(job.told.get("account", "")),
            pod=cells.text(job.told.get("jobname", "")),
            busy=None if utilisation is None else utilisation / 100,
        )
        for node in nodes
    ]


def _run(job: _Job, file: _File, held: list[Held]) -> RunRecord:
    start, end, over = _span(job, file)
    told, words = job.told, dict(_PAIR.findall(job.told.get("comment", "")))
    cluster = told.get("cluster") or file.cluster
    gpus = _gpus(told.get("alloctres", ""))
    state = (told.get("state", "").split() or [""])[0].rstrip("+")
    reason = words.get("reason", "failure_restart" if job.again else "")
    began = f"@{start:%Y%m%dT%H%M%SZ}" if start else ""
    return RunRecord(
        run_id=f"{cluster}/{job.number}{began}",
        workload_key=f"slurm:{cluster}/{job.number}",
        name=cells.text(told.get("jobname", "")),
        experiment=cells.text(words.get("experiment") or _key(told.get("wckey", ""))),
        model=words.get("model", ""),
        feature=words.get("feature", ""),
        user=cells.text(told.get("user", "")),
        team=cells.text(words.get("team") or told.get("account", "")),
        status=STATUS.get(state, ""),
        started=start,
        ended=end if over else None,
        hosts=expand(told.get("nodelist", "")),
        gpu_ms=None if gpus is None or start is None else gpu_milliseconds(held),
        tags={key: told[key] for key in ("partition", "qos", "state", "jobid") if told.get(key)},
        metrics={key: f"{value:f}" for key, value in job.usage.items()},
        git_commit=words.get("commit", ""),
        reason=reason_of(reason),
        restarted_from=words.get("restarted_from", ""),
    )


def _key(wckey: str) -> str:
    """A workload characterisation key; a star marks the user's default one, which says nothing."""
    return "" if wckey.startswith("*") or wckey.lower() in _UNKNOWN else wckey


def _coverage(file: _File) -> Iterator[Held]:
    if file.start is None or file.end is None or file.end <= file.start:
        return
    for node, gpus in file.gpus_of.items():
        yield Held(file.cluster, node, file.start, file.end, Decimal(gpus))


READER = RowReader(NAME, "telemetry", identify, records)
