"""Logs of `nvidia-smi --query-gpu=… --format=csv -l`: one line a GPU and moment.

Times are local to the node and carry no zone; they are taken as UTC (docs/sources/nvidia_smi.md).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
import re
from statistics import median_low
from typing import BinaryIO

from ingest.records import IntervalRecord, Rejected
from ingest.sources import cells
from ingest.sources.base import Head, RowReader, Unreadable
from ingest.sources.samples import SPACING_DEFAULT_MS, Device, Sample, intervals, spacing_of
from ingest.sources.tables import Chunk, chunks

_UNIT = re.compile(r"\s*\[[^\]]*\]\s*\Z")
_VALUE = re.compile(r"([0-9.]+)\s*(%|MiB|W|)\Z")
_STAMP = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\Z")
_ABSENT = (
    "",
    "n/a",
    "[n/a]",
    "[not supported]",
    "not supported",
    "[unknown error]",
    "[gpu is lost]",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Query name -> highest value that can be, in the unit nvidia-smi prints.
_HIGHEST = {
    "utilization.gpu": 100,
    "memory.used": 400_000,
    "memory.total": 400_000,
    "power.draw": 5_000,
}
_NAMES = (
    "timestamp",
    "uuid",
    "gpu_uuid",
    "index",
    "name",
    "gpu_name",
    "mig.mode.current",
    *_HIGHEST,
)
_NODE_IN_NAME = re.compile(r"(?:nvidia[-_.]?smi|gpu)[-_.](.+?)(?:[-_.]\d{4}-?\d\d-?\d\d)?\Z")


def identify(head: Head) -> bool:
    """Known by its query names; without a header by how its first line looks, to be refused."""
    first = (
        head.first_bytes.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode(errors="replace")
    )
    names = {_query(name) for name in first.split(",")}
    return {"timestamp"} < names & {*_NAMES} or _headless(first)


def records(stream: BinaryIO, name: str) -> Iterator[IntervalRecord | Rejected]:
    """5-minute intervals of each GPU; a `Rejected` for each bad line."""
    first = stream.readline().decode(errors="replace")
    stream.seek(0)
    if _headless(first):
        raise Unreadable(
            "the log has no header, so its columns cannot be told apart",
            f"{name}, line 1",
            "Write it with --format=csv, without noheader",
        )
    node = node_of(name)
    devices: dict[str, tuple[Device, dict[int, Sample]]] = {}
    for chunk in chunks(stream, name):
        yield from chunk.rejected
        yield from _take(chunk, node, devices, name)
    spacings = [s for _, samples in devices.values() if (s := spacing_of(sorted(samples)))]
    spacing = median_low(spacings) if spacings else SPACING_DEFAULT_MS
    for _, (device, samples) in sorted(devices.items()):
        yield from intervals(device, samples, spacing, ("ambiguous_label",))


READER = RowReader(name="nvidia_smi", kind="telemetry", identify=identify, records=records)


def node_of(name: str) -> str:
    """The node a file is named for: `node-1.csv`, `nvidia-smi_node-1_2026-09-01.csv.gz`."""
    stem = re.sub(r"(\.(csv|log|txt|gz))+\Z", "", name.rsplit("/", 1)[-1])
    found = _NODE_IN_NAME.match(stem)
    return found[1] if found else stem


def _take(
    chunk: Chunk, node: str, devices: dict[str, tuple[Device, dict[int, Sample]]], name: str
) -> Iterator[Rejected]:
    columns = {
        _query(column): cells_ for column, cells_ in zip(chunk.columns, chunk.cells, strict=True)
    }
    uuids = columns.get("uuid") or columns.get("gpu_uuid")
    if uuids is None and "index" not in columns:
        cure = "Query uuid (or at least index) with the timestamp"
        raise Unreadable("no column says which GPU a line is about", f"{name}, line 1", cure)
    for row, line in enumerate(chunk.lines):
        told = {query: (cells_[row] or "").strip() for query, cells_ in columns.items()}
        try:
            at = _moment(told["timestamp"])
            sample = _sample(told)
            uuid = told.get("uuid") or told.get("gpu_uuid") or f"{node}/{told['index']}"
            model = cells.text(told.get("name") or told.get("gpu_name") or "")
            device = Device(cluster="", node=node, uuid=cells.text(uuid), model=model)
        except ValueError as error:
            yield Rejected(line, str(error), chunk.raw(row))
            continue
        samples = devices.setdefault(uuid, (device, {}))[1]
        samples[at] = max(sample, samples.get(at, sample), key=repr)


def _sample(told: dict[str, str]) -> Sample:
    util, used, total, power = (_value(told, query) for query in _HIGHEST)
    if told.get("mig.mode.current", "").lower() == "enabled":
        util = None  # 0 or absent under MIG, whatever the slices do
    if util is used is total is power is None:
        raise ValueError("no value in it: a GPU that is lost was not observed")
    if used is not None and total is not None and used > total:
        raise ValueError(f"memory.used {used} MiB is more than memory.total {total} MiB")
    return Sample(
        activity=None if util is None else int(util) / 100,
        fb_used=None if used is None else round(used),
        fb_total=None if total is None else round(total),
        power=None if power is None else float(power),
    )


def _value(told: dict[str, str], query: str) -> Decimal | None:
    text = told.get(query, "")
    if text.lower() in _ABSENT:
        return None
    found = _VALUE.match(text)
    value = cells.amount(found[1]) if found else None
    if value is None or value > _HIGHEST[query]:
        raise ValueError(f"{query}: {text[:40]!r} is not in 0 to {_HIGHEST[query]}")
    return value


def _moment(text: str) -> int:
    found = _STAMP.match(text)
    if not found:
        raise ValueError(f"timestamp: {text[:40]!r} is not YYYY/MM/DD HH:MM:SS.mmm")
    moment = cells.time(f"{found[1]}-{found[2]}-{found[3]}T{found[4]}Z")
    return (
        (moment - _EPOCH).days * 86_400_000
        + (moment - _EPOCH).seconds * 1000
        + (moment.microsecond // 1000)
    )


def _query(column: str) -> str:
    return _UNIT.sub("", column.strip().lower().lstrip("\ufeff"))


def _headless(first: str) -> bool:
    fields = [field.strip() for field in first.split(",")]
    has_stamp = any(_STAMP.match(field) for field in fields)
    return has_stamp and any("MiB" in f or "%" in f or f.startswith("GPU-") for f in fields)
