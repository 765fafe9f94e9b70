"""GPU telemetry: an hourly archive in the documented interval format, and the last days of one
cluster as saved scrapes of dcgm-exporter."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aicost.kernel.periods import next_month
from aicost.runtime.demo import files
from aicost.runtime.demo.company import device_uuid
from aicost.runtime.demo.fleet import EMPTY, SERVE, TRAIN
from aicost.runtime.demo.gpu_hours import BUCKET_S, BUCKETS_AN_HOUR, GpuHours
from aicost.runtime.demo.story import Story, hour_number

SCRAPED_DAYS = 7
_HOUR_US = 3_600_000_000
_WATTS_IDLE, _WATTS_BUSY = 60, 290


def first_scraped(story: Story) -> date:
    """A week, or a quarter of a short story."""
    days = min(SCRAPED_DAYS, -(-len(story.days) // 4))
    return story.end - timedelta(days=days)


def _in_archive(story: Story, gpus: GpuHours) -> np.ndarray:
    serving = np.array([node.cluster == SERVE for node in gpus.nodes])[gpus.node]
    return ~(serving & (gpus.hour >= hour_number(first_scraped(story))))


def _strings(values: list[str], place: np.ndarray) -> pa.Array:
    return pa.array(values, pa.string()).take(pa.array(place))


def _intervals(gpus: GpuHours, rows: np.ndarray, of_workload: bool) -> pa.Table:
    """Rows of the devices, or of the workloads on them; `rows` are indices into `gpus`."""
    segment, node, n = gpus.segment[rows], gpus.node[rows], len(rows)
    zero = gpus.idle[rows] * BUCKET_S
    busy = (3600 - zero) * gpus.busy[rows] // 100
    empty = np.array([each.idle_kind == EMPTY for each in gpus.segments])[segment]
    names = [node.name for node in gpus.nodes]
    keys, spaces, pods = [""], [""], [""]
    if of_workload:
        pods = [each.pod for each in gpus.segments]
        spaces = [each.work.namespace if each.work else "" for each in gpus.segments]
        keys = [
            f"k8s:{each.node.cluster}/{space}/{each.pod}/main"
            for each, space in zip(gpus.segments, spaces, strict=True)
        ]
    named = segment if of_workload else np.zeros(n, dtype=np.int64)
    uuids = [device_uuid(name, gpu) for name in names for gpu in range(8)]
    start = pa.array(gpus.hour[rows] * _HOUR_US).cast(pa.timestamp("us", tz="UTC"))
    end = pa.array((gpus.hour[rows] + 1) * _HOUR_US).cast(pa.timestamp("us", tz="UTC"))
    whole, none = Decimal(1), Decimal(0)
    seconds = np.full(n, 3600)
    energy = seconds * _WATTS_IDLE + busy * (_WATTS_BUSY - _WATTS_IDLE)
    return pa.table(
        {
            "t_start": start,
            "t_end": end,
            "cluster": _strings([node.cluster for node in gpus.nodes], node),
            "node": _strings(names, node),
            "device_uuid": _strings(uuids, node * 8 + gpus.gpu[rows]),
            "device_model": _strings([node.kind.gpu for node in gpus.nodes], node),
            "workload_key": _strings(keys, named),
            "namespace": _strings(spaces, named),
            "pod": _strings(pods, named),
            "util_scope": pa.array(["device"] * n),
            "alloc_gpu_fraction": pa.array(
                [whole if of_workload else none] * n, pa.decimal128(9, 6)
            ),
            "alloc_basis": pa.array(["request" if of_workload else ""] * n),
            "observed_s": pa.array(seconds),
            "busy_s": pa.array(busy),
            "sm_s": pa.array(busy * 62 // 100),
            "tensor_s": pa.array(busy * 34 // 100),
            "zero_s": pa.array(zero),
            "held_idle_s": pa.array(np.where(empty, 0, zero) if of_workload else zero * 0),
            "empty_idle_s": pa.array(np.where(empty, zero, 0) if of_workload else zero * 0),
            "fb_used_mib_avg": pa.array(gpus.fb[rows]),
            "fb_used_mib_max": pa.array(gpus.fb[rows] + 32),
            "fb_total_mib": _totals(gpus, node),
            "energy_j": pa.array(energy),
        }
    )


def _totals(gpus: GpuHours, node: np.ndarray) -> pa.Array:
    return pa.array(np.array([each.kind.memory_mib for each in gpus.nodes])[node])


def write_archive(story: Story, folder: Path, gpus: GpuHours) -> int:
    """telemetry/gpu_intervals_YYYY-MM.parquet; returns the rows written."""
    archived = _in_archive(story, gpus)
    reserved = np.array([each.work is not None for each in gpus.segments])[gpus.segment]
    written = 0
    for month in story.written_months:
        inside = (gpus.hour >= hour_number(month)) & (gpus.hour < hour_number(next_month(month)))
        rows = np.flatnonzero(archived & inside)
        tables = [_intervals(gpus, rows, False)]
        tables.append(_intervals(gpus, np.flatnonzero(archived & inside & reserved), True))
        if month == story.months[-1]:
            tables.append(_stranger(story, tables[0].schema))
        table = pa.concat_tables(tables)
        path = files.made(folder, "telemetry") / f"gpu_intervals_{month:%Y-%m}.parquet"
        pq.write_table(table, path)
        written += table.num_rows
    return written


def _stranger(story: Story, schema: pa.Schema) -> pa.Table:
    """Six hours of a node that no map knows."""
    start = datetime(story.last.year, story.last.month, story.last.day, 9, tzinfo=UTC)
    rows = []
    for hour in range(6):
        row = dict.fromkeys(schema.names) | {
            "t_start": start + timedelta(hours=hour),
            "t_end": start + timedelta(hours=hour + 1),
            "cluster": TRAIN,
            "node": "sandbox-01",
            "device_uuid": device_uuid("sandbox-01", 0),
            "device_model": "NVIDIA L4",
            "workload_key": "",
            "namespace": "",
            "pod": "",
            "util_scope": "device",
            "alloc_gpu_fraction": Decimal(0),
            "alloc_basis": "",
            "observed_s": 3600,
            "busy_s": 1800,
            "zero_s": 0,
            "held_idle_s": 0,
            "empty_idle_s": 0,
        }
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=schema)


def write_scrapes(story: Story, folder: Path, gpus: GpuHours) -> int:
    """telemetry/dcgm/<cluster>_<day>.prom.gz: one scrape every five minutes, its time in a comment
    before it. Returns the samples written."""
    chosen = np.flatnonzero(~_in_archive(story, gpus))
    chosen = chosen[np.lexsort((gpus.gpu[chosen], gpus.node[chosen], gpus.hour[chosen]))]
    by_hour = np.split(chosen, np.flatnonzero(np.diff(gpus.hour[chosen])) + 1)
    samples = 0
    text: dict[int, list[str]] = {}
    for rows in (rows for rows in by_hour if len(rows)):
        hour = int(gpus.hour[rows[0]])
        lines = text.setdefault(hour // 24, list(_HELP))
        for bucket in range(BUCKETS_AN_HOUR):
            instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour, minutes=5 * bucket)
            lines.append(f"# scraped_at {instant:%Y-%m-%dT%H:%M:%SZ}")
            for row in rows.tolist():
                lines += _samples(gpus, row, bucket)
            if hour % 24 == 13 and bucket < 3:
                lines.append(_impossible(gpus, int(rows[0])))
    for day, lines in text.items():
        name = f"{SERVE}_{date(1970, 1, 1) + timedelta(days=day)}.prom.gz"
        files.write_gzip(files.made(folder, "telemetry", "dcgm") / name, "\n".join(lines) + "\n")
        samples += sum(1 for line in lines if not line.startswith("#"))
    return samples


_HELP = tuple(
    line
    for metric, text in (
        ("DCGM_FI_DEV_GPU_UTIL", "GPU utilization (in %)."),
        ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "Ratio of time the graphics engine is active."),
        ("DCGM_FI_DEV_FB_USED", "Framebuffer memory used (in MiB)."),
        ("DCGM_FI_DEV_FB_FREE", "Framebuffer memory free (in MiB)."),
        ("DCGM_FI_DEV_POWER_USAGE", "Power draw (in W)."),
    )
    for line in (f"# HELP {metric} {text}", f"# TYPE {metric} gauge")
)


def _labels(gpus: GpuHours, row: int) -> str:
    segment, gpu = gpus.segments[gpus.segment[row]], int(gpus.gpu[row])
    node = segment.node
    pairs = {
        "gpu": str(gpu),
        "UUID": device_uuid(node.name, gpu),
        "pci_bus_id": f"00000000:{16 + gpu:02X}:1C.0",
        "device": f"nvidia{gpu}",
        "modelName": node.kind.gpu,
        "Hostname": node.name,
        "cluster": node.cluster,
        "container": "main" if segment.work else "",
        "namespace": segment.work.namespace if segment.work else "",
        "pod": segment.pod,
    }
    return "{" + ",".join(f'{name}="{value}"' for name, value in pairs.items() if value) + "}"


def _samples(gpus: GpuHours, row: int, bucket: int) -> list[str]:
    """The idle buckets of an hour are its last ones."""
    labels = _labels(gpus, row)
    idle = bucket >= BUCKETS_AN_HOUR - gpus.idle[row]
    busy, used = 0 if idle else int(gpus.busy[row]), int(gpus.fb[row])
    total = gpus.nodes[gpus.node[row]].kind.memory_mib
    watts = _WATTS_IDLE + busy * (_WATTS_BUSY - _WATTS_IDLE) // 100
    return [
        f"DCGM_FI_DEV_GPU_UTIL{labels} {busy}",
        f"DCGM_FI_PROF_GR_ENGINE_ACTIVE{labels} {busy / 100:.6f}",
        f"DCGM_FI_DEV_FB_USED{labels} {used}",
        f"DCGM_FI_DEV_FB_FREE{labels} {total - used - 512}",
        f"DCGM_FI_DEV_POWER_USAGE{labels} {watts}.0",
    ]


def _impossible(gpus: GpuHours, row: int) -> str:
    """A value no GPU can have, as drivers do send it."""
    return f"DCGM_FI_DEV_GPU_UTIL{_labels(gpus, row)} 104"
