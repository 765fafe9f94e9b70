"""GPU telemetry a Prometheus server aggregated into 5-minute buckets: DCGM, nvidia_gpu_exporter,
TPU and Neuron, with what kube-state-metrics knows of the pods. docs/sources/prometheus.md."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from ingest.records import IntervalRecord, Rejected
from ingest.sources.base import RowReader, Unreadable
from ingest.sources.gpu_labels import mig_fraction, pod_of
from ingest.sources.prometheus_answers import Answers, Series, first, identify
from ingest.sources.prometheus_buckets import (
    ENGINE,
    SLICED,
    VIRTUAL,
    Cell,
    Held,
    filled,
    interval,
    merged,
    seen_of,
)
from ingest.sources.prometheus_pods import Pods
from ingest.sources.samples import Device, Workload

# These exporters know nothing of pods: the label is their own.
_NO_PODS = ("nvidia_smi", "neuron")
_REQUEST, _REPLICA = "request", "replica"


@dataclass
class _Row:
    """One series of labels of one exporter: a device, and what held it if that is told."""

    exporter: str
    device: Device
    plain: tuple
    exported: tuple
    job: str
    virtual: bool
    cells: dict[int, dict[tuple[str, str], Decimal]] = field(default_factory=dict)


@dataclass
class _Bucket:
    """What is known of one device in one bucket."""

    alone: list[Cell] = field(default_factory=list)
    copied: list[Cell] = field(default_factory=list)  # the device as told with each holder
    held: dict[Workload, list[Cell]] = field(default_factory=dict)
    virtual: set[Workload] = field(default_factory=set)


def records(stream: BinaryIO, name: str) -> Iterator[IntervalRecord | Rejected]:
    """5-minute intervals of each device and of what held it; a `Rejected` for a bad series."""
    read = _Read(stream, name)
    yield from read.series()
    if not read.rows:
        raise Unreadable("no telemetry of a device in it", name, "Fetch the window again")
    yield from read.intervals()


READER = RowReader(
    name="prometheus_gpu", kind="telemetry", identify=identify("gpu"), records=records
)


class _Read:
    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.answers = Answers(stream, name)
        self.points = 300_000 // self.answers.grid_ms
        self.pods = Pods()
        self.rows: dict[tuple, _Row] = {}
        self.names: dict[str, str] = {}
        self._whats: dict[tuple[str, str], tuple[str, str]] = {}

    def series(self) -> Iterator[Rejected]:
        """Pods stand before devices in the file, since they say on which node an exporter is."""
        for one in self.answers.series():
            if isinstance(one, Rejected):
                yield one
                continue
            try:
                if one.query[0] == "pods":
                    self.pods.take(self.answers, one)
                elif one.query[1] == "name":
                    self.names[_uuid(one.labels)] = one.labels.get("name", "")
                else:
                    self._take(one)
            except (ValueError, InvalidOperation) as error:
                yield Rejected(one.line, f"{'.'.join(one.query)}: {error or 'no number'}", one.raw)

    def _take(self, series: Series) -> None:
        exporter, quantity, stat = series.query
        values = {at: Decimal(text) for at, text in series.values.items()}
        if any(not value.is_finite() or value < 0 for value in values.values()):
            raise ValueError("a value is negative or no number")
        key = (exporter, *sorted(series.labels.items()))
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = self._row(exporter, dict(series.labels))
        what = self._whats.setdefault((quantity, stat), (quantity, stat))  # one tuple for all
        for at, value in values.items():
            row.cells.setdefault(at, {})[what] = value

    def _row(self, exporter: str, labels: dict[str, str]) -> _Row:
        plain, exported = pod_of(labels), pod_of(labels, "exported_")
        return _Row(
            exporter=exporter,
            device=self._device(exporter, labels),
            plain=() if exporter in _NO_PODS else plain,
            exported=exported,
            job=labels.get("hpc_job", ""),
            virtual=bool(labels.get("vgpu")),
        )

    def _device(self, exporter: str, labels: dict[str, str]) -> Device:
        cluster = self.answers.cluster_of(labels)
        node = first(labels, "node", "kubernetes_node", "node_name")
        for prefix in ("exported_", ""):
            if not node:
                pod = (cluster, labels.get(f"{prefix}namespace", ""), labels.get(f"{prefix}pod"))
                node = self.pods.node.get(pod, "")
        host = labels.get("instance", "")
        node = node or first(labels, "Hostname", "hostname", "instance_id")
        node = node or host.rpartition(":")[0] or host
        if exporter == "neuron":
            core = labels.get("neuroncore") or labels.get("neuron_device", "")
            uuid = f"{labels.get('instance_id') or node}/neuroncore-{core}"
        else:
            uuid = _uuid(labels) or (f"{node}/{labels['gpu']}" if "gpu" in labels else "")
        if not uuid or not node:
            raise ValueError("its labels do not say which device on which node it is")
        profile, model = labels.get("GPU_I_PROFILE", ""), first(labels, "modelName", "model")
        return Device(
            cluster=cluster,
            node=node,
            uuid=uuid,
            mig_instance_id=labels.get("GPU_I_ID", ""),
            mig_profile=profile,
            model=model or labels.get("instance_type", ""),
            fraction=mig_fraction(profile, model),
        )

    def intervals(self) -> Iterator[IntervalRecord]:
        devices = self._devices()
        nodes: dict[tuple[str, str], list[Device]] = {}
        for device in devices:
            nodes.setdefault((device.cluster, device.node), []).append(device)
        for (cluster, node), of_node in sorted(nodes.items()):
            for at in sorted({at for device in of_node for at in devices[device]}):
                there = {d: devices[d][at] for d in of_node if at in devices[d]}
                yield from self._of_node(cluster, node, at, there, len(of_node))

    def _devices(self) -> dict[Device, dict[int, _Bucket]]:
        rows = [row for _, row in sorted(self.rows.items())]
        exported = {row.exporter for row in rows if row.exported}
        sliced = {row.device.uuid for row in rows if row.device.mig_instance_id}
        devices: dict[tuple, tuple[Device, dict[int, _Bucket]]] = {}
        for row in rows:
            device = row.device
            if not device.model and device.uuid in self.names:
                device = Device(
                    device.cluster, device.node, device.uuid, model=self.names[device.uuid]
                )
            key = (device.cluster, device.node, device.uuid, device.mig_instance_id)
            device, buckets = devices.setdefault(key, (device, {}))
            pod = row.exported if row.exporter in exported else row.plain
            workload = _workload(device, pod, row.job)
            by = SLICED if device.uuid in sliced else ENGINE
            for at, told in row.cells.items():
                bucket = buckets.setdefault(at, _Bucket())
                cell = seen_of(told, by)
                if not cell.n:
                    continue
                if workload is None:
                    bucket.alone.append(cell)
                    continue
                bucket.copied.append(cell)
                if row.virtual:
                    bucket.virtual.add(workload)
                    cell = seen_of(told, VIRTUAL)
                bucket.held.setdefault(workload, []).append(cell)
        return dict(devices.values())

    def _of_node(
        self, cluster: str, node: str, at: int, there: dict[Device, _Bucket], devices: int
    ) -> Iterator[IntervalRecord]:
        known = self.pods.knows(cluster, node, at)
        requesting = self.pods.requesting(cluster, node, at)
        free = self._free(cluster, node, at, there, devices)
        placed = {(cluster, w.namespace, w.pod) for b in there.values() for w in b.held}
        unplaced = {pod: asked for pod, asked in requesting.items() if pod not in placed}
        for device, bucket in sorted(there.items(), key=lambda one: one[0].uuid):
            held = {work: merged(cells, self.points) for work, cells in bucket.held.items()}
            copies = sorted(bucket.copied, key=lambda cell: -cell.n)
            whole = merged([*bucket.alone, *copies], self.points)
            if copies and not device.mig_instance_id:
                whole = filled(whole, copies[0])
            if not whole.n:
                continue
            rows, flags = self._held(device, bucket, held, whole, at, there, devices)
            if device in free:
                rows += self._by_request(device, whole, at, devices, len(free), unplaced)
            if not known and not any(one.held for one in there.values()):
                flags.add("ambiguous_label")
            yield interval(device, None, whole, at, self.points, flags)
            for row in rows:
                yield interval(device, row, row.cell, at, self.points)

    def _free(self, cluster: str, node: str, at: int, there, devices: int) -> list[Device]:
        """Whole devices of which more may be held than labels say: nobody is said to hold them, or
        they have replicas, of which an exporter may name one pod alone."""
        shared = self.pods.replicas(cluster, node, at, devices) > 1
        return [
            device
            for device, bucket in there.items()
            if not device.mig_instance_id and (shared or not bucket.held)
        ]

    def _held(self, device, bucket, held, whole, at, there, devices) -> tuple[list[Held], set[str]]:
        """What labels say, less what a pod that has ended no longer holds."""
        flags: set[str] = set()
        kept: dict[Workload, Cell] = {}
        for workload, cell in held.items():
            pod = (device.cluster, workload.namespace, workload.pod)
            alive = self.pods.alive(pod, device.cluster, device.node, at)
            if alive is not None and alive < cell.n:
                flags.add("stale_pod")
                cell = cell.cut(alive)
            if cell.n:
                kept[workload] = cell
        told = sum(cell.n for cell in kept.values())
        share = Decimal(1) if told <= whole.n + 1 else Decimal(whole.n) / told
        replicas = self.pods.replicas(device.cluster, device.node, at, devices)
        rows = []
        for workload, cell in sorted(kept.items(), key=lambda one: one[0].key):
            part, basis = share, "exclusive" if share == 1 else _REPLICA
            if replicas > 1 and not device.mig_instance_id:
                pod = (device.cluster, workload.namespace, workload.pod)
                part, basis = self._replica(device, pod, at, there, devices, part), _REPLICA
            if device.mig_instance_id:
                basis = "mig"
            scope = "process" if workload in bucket.virtual else device.scope
            rows.append(Held(workload, cell, part * device.fraction, basis, scope))
        return rows, flags

    def _replica(
        self, device: Device, pod, at: int, there, devices: int, otherwise: Decimal
    ) -> Decimal:
        """The part of each of its devices that a pod's replicas are."""
        asked = self.pods.requesting(device.cluster, device.node, at).get(pod)
        on = sum(any(w.pod == pod[2] and w.namespace == pod[1] for w in b.held)
                 for b in there.values())  # fmt: skip
        if not asked or not on:
            return otherwise
        whole = self.pods.part_of_node(asked, device.cluster, device.node, at, devices)
        return min(whole / on, Decimal(1))

    def _by_request(self, device, whole, at, devices, free, unplaced) -> list[Held]:
        """Pods that requested a device and that no label places, spread over the free ones: right
        for the node, and no more is known."""
        rows = []
        for (cluster, namespace, pod), asked in unplaced.items():
            part = self.pods.part_of_node(asked, cluster, device.node, at, devices)
            alive = self.pods.alive((cluster, namespace, pod), cluster, device.node, at)
            cell = whole if alive is None else whole.cut(min(alive, whole.n))
            if part and cell.n:
                key = f"k8s:{cluster}/{namespace}/{pod}/"
                workload = Workload(key, namespace, pod)
                part = min(part / free, Decimal(1))
                rows.append(Held(workload, cell, part, _REQUEST, device.scope))
        return rows


def _uuid(labels) -> str:
    """nvidia_gpu_exporter leaves the beginning out."""
    if labels.get("accelerator_id"):
        return labels["accelerator_id"]
    uuid = first(labels, "UUID", "uuid")
    return f"GPU-{uuid}" if uuid and not uuid.startswith(("GPU-", "MIG-")) else uuid


def _workload(device: Device, pod: tuple, job: str) -> Workload | None:
    if pod:
        namespace, name, container = pod
        key = "/".join((f"k8s:{device.cluster}", namespace, name, container))
        return Workload(key, namespace, name)
    return Workload(f"hpc:{device.cluster}/{job}", "", job) if job else None
