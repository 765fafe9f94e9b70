"""The PromQL that is asked, by name. Pure text; docs/sources/prometheus.md explains it.

A query is named exporter.quantity.statistic (`dcgm.gr.zero`). Its ranges are made of grid points: a
point stands for the seconds before it, and a series has one where it is neither stale nor older
than its hold. Ratios are 0 to 1, memory MiB, power W, energy J.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

BUCKET_S = 300
HOUR_S = 3600
RESOURCES_GRID_S = 60
ZERO_BELOW = "0.001"  # an idle engine reports 0, or less than a tenth of a percent

_CLUSTER = ("cluster", "cluster_name", "k8s_cluster_name")
_POD = ("namespace", "pod", "container")
# Every label that says which device this is and what holds it. The replica label is not among them.
GPU_LABELS = (
    *_CLUSTER,
    *("UUID", "uuid", "gpu", "GPU_I_ID", "GPU_I_PROFILE", "modelName", "Hostname", "hostname"),
    *("node", "kubernetes_node", "instance", "vgpu", "hpc_job", *_POD),
    *("exported_namespace", "exported_pod", "exported_container"),
    *("pod_namespace", "pod_name", "container_name", "namespace_name", "node_name"),
    *("accelerator_id", "model", "instance_id", "instance_type", "neuroncore", "neuron_device"),
)
SERVING_LABELS = (*_CLUSTER, "namespace", "pod", "instance", "model_name", "model", "version")


@dataclass(frozen=True)
class Query:
    """`step_s` is also the length of the range each answer is about."""

    name: str
    promql: str
    step_s: int


@dataclass(frozen=True)
class _Gauge:
    """`highest` drops what cannot be, and with it the sentinels that stand for no value."""

    quantity: str
    metric: str
    highest: str
    scale: str = ""
    stats: tuple[str, ...] = ("n", "avg")


_ACTIVITY = ("n", "avg", "zero", "first", "last")
_MEMORY = ("n", "avg", "max")
_MIB = "/ 1048576"

_GAUGES: dict[str, tuple[_Gauge, ...]] = {
    "dcgm": (
        _Gauge("gr", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "1", "", _ACTIVITY),
        _Gauge("util", "DCGM_FI_DEV_GPU_UTIL", "1", "/ 100", _ACTIVITY),
        _Gauge("sm", "DCGM_FI_PROF_SM_ACTIVE", "1"),
        _Gauge("tensor", "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "1"),
        _Gauge("fb_used", "DCGM_FI_DEV_FB_USED", "400000", "", _MEMORY),
        _Gauge("fb_free", "DCGM_FI_DEV_FB_FREE", "400000"),
        _Gauge("fb_reserved", "DCGM_FI_DEV_FB_RESERVED", "400000"),
        _Gauge("power", "DCGM_FI_DEV_POWER_USAGE", "5000"),
    ),
    "nvidia_smi": (
        _Gauge("util", "nvidia_smi_utilization_gpu_ratio", "1", "", _ACTIVITY),
        _Gauge("fb_used", "nvidia_smi_memory_used_bytes", "400000", _MIB, _MEMORY),
        _Gauge("fb_total", "nvidia_smi_memory_total_bytes", "400000", _MIB),
        _Gauge("power", "nvidia_smi_power_draw_watts", "5000"),
    ),
    "tpu": (
        _Gauge("util", "kubernetes_io:container_accelerator_duty_cycle", "1", "/ 100", _ACTIVITY),
        _Gauge(
            "tensor", "kubernetes_io:container_accelerator_tensorcore_utilization", "1", "/ 100"
        ),
        _Gauge(
            "fb_used", "kubernetes_io:container_accelerator_memory_used", "4000000", _MIB, _MEMORY
        ),
        _Gauge("fb_total", "kubernetes_io:container_accelerator_memory_total", "4000000", _MIB),
    ),
    "tpu_plugin": (
        _Gauge("util", "duty_cycle", "1", "/ 100", _ACTIVITY),
        _Gauge("tensor", "tensorcore_utilization", "1", "/ 100"),
        _Gauge("fb_used", "memory_used", "4000000", _MIB, _MEMORY),
        _Gauge("fb_total", "memory_total", "4000000", _MIB),
    ),
    "neuron": (_Gauge("util", "neuroncore_utilization_ratio", "1", "", _ACTIVITY),),
}
# Query set -> exporters in it.
GPU_SETS = {
    "dcgm": ("dcgm",),
    "nvidia_smi": ("nvidia_smi",),
    "tpu": ("tpu", "tpu_plugin"),
    "neuron": ("neuron",),
}

# Engine -> quantity -> counters; the first name that exists counts. They are told apart from
# calls elsewhere by being what the engine itself served.
_COUNTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "vllm": {
        "input_tokens": ("vllm:prompt_tokens_total",),
        "cached_input_tokens": (
            "vllm:prompt_tokens_cached_total",
            "vllm:prefix_cache_hits_total",
            "vllm:gpu_prefix_cache_hits_total",
        ),
        "output_tokens": ("vllm:generation_tokens_total",),
        "requests": ("vllm:request_success_total",),
        "successes": ('vllm:request_success_total{finished_reason!~"abort|error"}',),
    },
    "sglang": {
        "input_tokens": ("sglang:prompt_tokens_total",),
        "cached_input_tokens": ("sglang:cached_tokens_total",),
        "output_tokens": ("sglang:generation_tokens_total",),
        "requests": ("sglang:num_requests_total",),
    },
    "tgi": {
        "input_tokens": ("tgi_request_input_length_sum",),
        "output_tokens": ("tgi_request_generated_tokens_sum",),
        "requests": ("tgi_request_count",),
        "successes": ("tgi_request_success",),
    },
    "triton": {
        "successes": ("nv_inference_request_success",),
        "failures": ("nv_inference_request_failure",),
    },
    "kserve": {"requests": ("request_predict_seconds_count",)},
}
SERVING_SETS = tuple(_COUNTERS)
# Ranks of one engine tell the same calls again.
_RANKS = ("tp_rank", "pp_rank", "moe_ep_rank", "cp_rank")

_GPU_RESOURCES = (
    "nvidia_com_.*|amd_com_gpu.*|google_com_tpu|aws_amazon_com_neuron.*|gpu_intel_com_.*"
)


@dataclass(frozen=True)
class Asked:
    """What a source is configured to ask. `matchers` go into every selector, `hold_s` is how long
    a sample stands, `grid_s` how far apart the points of a range are."""

    matchers: str
    grid_s: int
    hold_s: int
    replicas: tuple[str, ...]

    def of(self, metric: str) -> str:
        """The selector of a metric, with the matchers of the source."""
        name, _, own = metric.rstrip("}").partition("{")
        inside = ",".join(part for part in (own, self.matchers) if part)
        return f"{name}{{{inside}}}" if inside else name

    def range(self, expression: str, seconds: int = BUCKET_S) -> str:
        """All grid points of the range, its end included and its start not, whatever a server
        thinks of both ends."""
        return f"({expression})[{seconds - 1}s:{self.grid_s}s]"


def gpu_queries(sets: Iterable[str], asked: Asked) -> Iterator[Query]:
    for exporter in (one for name in sets for one in GPU_SETS.get(name, ())):
        for gauge in _GAUGES[exporter]:
            base = _base(gauge, asked)
            for stat in gauge.stats:
                promql = _statistic(stat, base, asked)
                yield Query(f"{exporter}.{gauge.quantity}.{stat}", promql, BUCKET_S)
    if "dcgm" in sets:
        energy = asked.of("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")
        by = ", ".join(GPU_LABELS)
        promql = f"max by ({by}) (increase({energy}[{BUCKET_S}s])) / 1000"
        yield Query("dcgm.energy.sum", promql, BUCKET_S)
    if "nvidia_smi" in sets:
        info = asked.of("nvidia_smi_gpu_info")
        yield Query("nvidia_smi.name.last", f"max by (uuid, name) ({info})", BUCKET_S)


def pod_queries(asked: Asked) -> Iterator[Query]:
    """What kube-state-metrics says of pods on nodes with accelerators, per bucket."""
    on = "and on (cluster, node)"
    node = f"max by (cluster, node) ({_gpu_node(asked)} > 0)"
    seen = f"max by (cluster, node, namespace, pod) ({asked.of('kube_pod_info')}) {on} {node}"
    ended = asked.of('kube_pod_status_phase{phase=~"Succeeded|Failed"}')
    gpu_pod = f"and on (cluster, namespace, pod) {_requests(asked)}"
    ended = f"max by (cluster, namespace, pod) ({ended} == 1) {gpu_pod}"
    requests = f"max by (cluster, node, namespace, pod, container, resource) ({_requests(asked)})"
    allocatable = asked.of(f'kube_node_status_allocatable{{resource=~"{_GPU_RESOURCES}"}}')
    yield Query("pods.seen.n", f"count_over_time({asked.range(seen)})", BUCKET_S)
    yield Query("pods.ended.n", f"count_over_time({asked.range(ended)})", BUCKET_S)
    yield Query("pods.requests.max", f"max_over_time({asked.range(requests)})", BUCKET_S)
    yield Query(
        "pods.allocatable.max",
        f"max_over_time({asked.range(f'max by (cluster, node, resource) ({allocatable})')})",
        BUCKET_S,
    )


def resource_queries(asked: Asked) -> Iterator[Query]:
    """What nodes have and pods hold of CPU and memory, per hour, on a grid of a minute. A pod that
    has ended holds nothing; an HA pair and restarts of a container are one."""

    def hour(expression: str) -> str:
        return f"({expression})[{HOUR_S - 1}s:{RESOURCES_GRID_S}s]"

    ended = asked.of('kube_pod_status_phase{phase=~"Succeeded|Failed"}')
    alive = f"unless on (cluster, namespace, pod) ({ended} == 1)"
    on_node = "cluster, node, namespace, pod"
    seen = f"max by ({on_node}) ({asked.of('kube_pod_info')} {alive})"
    only = '{resource=~"cpu|memory"}'
    has = asked.of(f"kube_node_status_allocatable{only}")
    has = f"max by (cluster, node, resource) ({has})"
    wants = f"{asked.of(f'kube_pod_container_resource_requests{only}')} {alive}"
    wants = f"max by ({on_node}, container, resource) ({wants})"
    wants = f"sum by ({on_node}, resource) ({wants})"
    used = asked.of('container_cpu_usage_seconds_total{container!="",container!="POD"}')
    of_pod = "cluster, namespace, pod"
    cpu = f"max by ({of_pod}, container, id) (increase({used}[{HOUR_S}s]))"
    held = asked.of('container_memory_working_set_bytes{container!="",container!="POD"}')
    held = f"sum by ({of_pod}) (max by ({of_pod}, container) ({held}))"
    yield Query("resources.allocatable.n", f"count_over_time({hour(has)})", HOUR_S)
    yield Query("resources.allocatable.avg", f"avg_over_time({hour(has)})", HOUR_S)
    yield Query("resources.seen.n", f"count_over_time({hour(seen)})", HOUR_S)
    yield Query("resources.requests.sum", f"sum_over_time({hour(wants)})", HOUR_S)
    yield Query("resources.cpu.sum", f"sum by ({of_pod}) ({cpu})", HOUR_S)
    yield Query("resources.memory.sum", f"sum_over_time({hour(held)})", HOUR_S)


def map_queries(asked: Asked, *, all_pods: bool = False) -> Iterator[Query]:
    """Nodes and the labels and owners of pods, per hour: of those with accelerators, or all."""
    info = f"last_over_time({asked.of('kube_node_info')}[{HOUR_S}s])"
    nodes = f"max by (cluster, node, provider_id, system_uuid) ({info})"
    known = asked.of("kube_node_annotations")
    numbers = f"last_over_time({known}[{HOUR_S}s])"
    numbered = "annotation_container_googleapis_com_instance_id"
    gpu_pod = f" and on (cluster, namespace, pod) last_over_time({_requests(asked)}[{HOUR_S}s])"
    which = "" if all_pods else gpu_pod
    owner = f"last_over_time({asked.of('kube_pod_owner')}[{HOUR_S}s]){which}"
    labels = f"last_over_time({asked.of('kube_pod_labels')}[{HOUR_S}s]){which}"
    yield Query("map.nodes.last", nodes, HOUR_S)
    yield Query("map.numbers.last", f"max by (cluster, node, {numbered}) ({numbers})", HOUR_S)
    yield Query(
        "map.owners.last",
        f"max by (cluster, namespace, pod, owner_kind, owner_name) ({owner})",
        HOUR_S,
    )
    yield Query("map.labels.last", f"max without ({_listed(asked, 'instance')}) ({labels})", HOUR_S)


def serving_queries(sets: Iterable[str], asked: Asked) -> Iterator[Query]:
    """What each engine served, per whole hour; the server takes resets into account."""
    for engine in sets:
        for quantity, names in _COUNTERS.get(engine, {}).items():
            gone = _listed(asked, *_RANKS)
            told = " or ".join(
                f"max without ({gone}) (increase({asked.of(name)}[{HOUR_S}s]))" for name in names
            )
            by = ", ".join(SERVING_LABELS)
            yield Query(f"{engine}.{quantity}.sum", f"sum by ({by}) ({told})", HOUR_S)


def custom_queries(lines: Mapping[str, str]) -> Iterator[Query]:
    for name, promql in lines.items():
        yield Query(f"custom.{name}.sum", promql, HOUR_S)


def count_now(metric: str, asked: Asked) -> str:
    """How many series of a metric there are, as one number; nothing when there is none."""
    gone = _listed(asked)
    return f"count(max without ({gone}) (last_over_time({asked.of(metric)}[600s])))"


def samples_now(metric: str, asked: Asked) -> str:
    """The most samples any series of a metric has within the last 20 minutes."""
    return f"max(count_over_time({asked.of(metric)}[1200s]))"


def _base(gauge: _Gauge, asked: Asked) -> str:
    """One series a device and what holds it, where there is a fresh and possible value."""
    metric = asked.of(gauge.metric)
    by = ", ".join(GPU_LABELS)
    fresh = f"{metric} and count_over_time({metric}[{asked.hold_s}s])"
    return f"max by ({by}) (({fresh}) {gauge.scale} >= 0 <= {gauge.highest})"


def _statistic(stat: str, base: str, asked: Asked) -> str:
    """`first` and `last` are the times of the first and last grid point with activity."""
    if stat == "n":
        return f"count_over_time({asked.range(base)})"
    if stat == "zero":
        return f"count_over_time({asked.range(f'{base} < {ZERO_BELOW}')})"
    if stat in ("first", "last"):
        over = "min_over_time" if stat == "first" else "max_over_time"
        return f"{over}({asked.range(f'({base} >= {ZERO_BELOW}) * 0 + time()')})"
    return f"{stat}_over_time({asked.range(base)})"


def _requests(asked: Asked) -> str:
    metric = f'kube_pod_container_resource_requests{{resource=~"{_GPU_RESOURCES}"}}'
    return asked.of(metric)


def _gpu_node(asked: Asked) -> str:
    return asked.of(f'kube_node_status_capacity{{resource=~"{_GPU_RESOURCES}"}}')


def _listed(asked: Asked, *more: str) -> str:
    return ", ".join(dict.fromkeys((*asked.replicas, *more)))
