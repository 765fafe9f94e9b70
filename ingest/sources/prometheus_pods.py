"""What kube-state-metrics says of pods on nodes with accelerators, bucket by bucket."""

from collections.abc import Mapping
from decimal import Decimal

from ingest.sources.prometheus_answers import Answers, Series

Pod = tuple[str, str, str]  # cluster, namespace, name
BUCKET_S = 300
_HALF = Decimal("0.5")
# HAMi: of each of a container's nvidia.com/gpu this much, in percent, is asked for.
_PERCENT = ("nvidia_com_gpucores", "nvidia_com_gpumem_percentage")
_OF_VIRTUAL = (*_PERCENT, "nvidia_com_gpumem")
_WHOLE, _VIRTUAL = "nvidia_com_gpu", "virtual"


class Pods:
    """`take` every series of exporter `pods`; buckets are named by the unix seconds they end."""

    def __init__(self) -> None:
        self.node: dict[Pod, str] = {}
        self._last = 0
        self._seen: dict[Pod, dict[int, int]] = {}
        self._ended: dict[Pod, dict[int, int]] = {}
        self._on: dict[tuple[str, str], dict[int, set[Pod]]] = {}
        self._requests: dict[Pod, dict[int, dict[tuple[str, str], Decimal]]] = {}
        self._allocatable: dict[tuple[str, str], dict[str, dict[int, Decimal]]] = {}

    def take(self, answers: Answers, series: Series) -> None:
        labels, cluster = series.labels, answers.cluster_of(series.labels)
        pod = (cluster, labels.get("namespace", ""), labels.get("pod", ""))
        node, resource = labels.get("node", ""), labels.get("resource", "")
        for at, text in series.values.items():
            value = Decimal(text)
            if series.query[1] == "seen":
                self.node[pod], self._last = node, max(self._last, at)
                self._seen.setdefault(pod, {})[at] = int(value)
                self._on.setdefault((cluster, node), {}).setdefault(at, set()).add(pod)
            elif series.query[1] == "ended":
                self._ended.setdefault(pod, {})[at] = int(value)
            elif series.query[1] == "requests":
                asked = self._requests.setdefault(pod, {}).setdefault(at, {})
                asked[resource, labels.get("container", "")] = value
            elif series.query[1] == "allocatable":
                of_node = self._allocatable.setdefault((cluster, node), {})
                of_node.setdefault(resource, {})[at] = value

    def knows(self, cluster: str, node: str, at: int) -> bool:
        """Whether the pods of the node are listed at that time; if not, nothing is known."""
        return bool(self._on.get((cluster, node), {}).get(at))

    def alive(self, pod: Pod, cluster: str, node: str, at: int) -> int | None:
        """At how many grid points of the bucket a pod that ends in it, or had ended before, was
        there. None where it goes on, or where the node's pods are not listed."""
        if not self.knows(cluster, node, at):
            return None
        seen = self._seen.get(pod, {})
        ended = self._ended.get(pod, {}).get(at, 0)
        goes_on = seen.get(at + BUCKET_S) or at == self._last
        if not ended and seen.get(at) and goes_on:
            return None
        return max(seen.get(at, 0) - ended, 0)

    def requesting(self, cluster: str, node: str, at: int) -> dict[Pod, Mapping[str, Decimal]]:
        """Pods on the node that request accelerators, with what they request by resource."""
        found = {}
        for pod in sorted(self._on.get((cluster, node), {}).get(at, ())):
            asked = self._requests.get(pod, {}).get(at, {})
            summed: dict[str, Decimal] = {}
            for (resource, container), value in asked.items():
                if resource in _OF_VIRTUAL:
                    continue
                percent = [asked[name, container] for name in _PERCENT
                           if asked.get((name, container))]  # fmt: skip
                if resource == _WHOLE and percent:
                    resource, value = _VIRTUAL, value * min(max(percent), Decimal(100)) / 100
                summed[resource] = summed.get(resource, Decimal(0)) + value
            if summed:
                found[pod] = summed
        return found

    def part_of_node(
        self, asked: Mapping[str, Decimal], cluster: str, node: str, at: int, devices: int
    ) -> Decimal:
        """How many devices of the node a request stands for: a replica is a part of a device, and
        some resources (Neuron) are several. MIG slices name their device themselves. Only a factor
        of two says so: a device may also be broken, or not be seen. Virtual GPUs (HAMi) say in
        percent which part of a device they are."""
        total = Decimal(0)
        for resource, value in asked.items():
            if "_mig_" in resource:
                continue
            if resource == _VIRTUAL:
                total += value
                continue
            offered = self._allocatable.get((cluster, node), {}).get(resource, {}).get(at)
            ratio = Decimal(devices) / offered if offered else Decimal(1)
            total += value * ratio if ratio >= 2 or ratio <= _HALF else value
        return min(total, Decimal(devices))

    def replicas(self, cluster: str, node: str, at: int, devices: int) -> Decimal:
        """How many pods may share one device; 1 when they are exclusive, or nobody says."""
        offered = self._allocatable.get((cluster, node), {})
        told = [by[at] / devices for name, by in offered.items()
                if by.get(at) and devices and "_mig_" not in name
                and name not in _OF_VIRTUAL]  # fmt: skip
        most = max(told, default=Decimal(1))
        return most if most >= 2 else Decimal(1)
