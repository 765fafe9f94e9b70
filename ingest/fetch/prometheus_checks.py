"""Test connection of a Prometheus source: what is there, and in words what is missing."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
import re

from aicost.kernel.periods import as_utc
from ingest.fetch.base import Check, FetchError
from ingest.fetch.prometheus_queries import (
    GPU_SETS,
    SERVING_SETS,
    Asked,
    count_now,
    custom_queries,
    samples_now,
)
from ingest.fetch.prometheus_server import Server

_OF_SET = {
    "dcgm": ("DCGM_FI_DEV_FB_USED", "DCGM", "Scrape dcgm-exporter (port 9400)"),
    "nvidia_smi": (
        "nvidia_smi_utilization_gpu_ratio", "nvidia_gpu_exporter",
        "Scrape it (port 9835), or leave nvidia_smi out",
    ),
    "tpu": (
        '{__name__=~"duty_cycle|kubernetes_io:container_accelerator_duty_cycle"}', "TPU",
        "Collect GKE's accelerator metrics, or leave tpu out",
    ),
    "neuron": (
        "neuroncore_utilization_ratio", "Neuron",
        "Run neuron-monitor-prometheus.py beside neuron-monitor, or leave neuron out",
    ),
    "vllm": ("vllm:generation_tokens_total", "vLLM", "Scrape /metrics of the servers"),
    "sglang": ("sglang:generation_tokens_total", "SGLang", "Start it with --enable-metrics"),
    "tgi": ("tgi_request_count", "TGI", "Scrape /metrics of the servers"),
    "triton": ("nv_inference_request_success", "Triton", "Scrape port 8002 of the servers"),
    "kserve": (
        "request_predict_seconds_count", "KServe",
        "Annotate the services with serving.kserve.io/enable-prometheus-scraping",
    ),
}  # fmt: skip
_RETENTION = re.compile(r"(\d+)([smhdwy])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_MINUTES = 20


def checks(
    server: Server, config: Mapping, asked: Asked, custom: Mapping[str, str], now: datetime
) -> Iterator[Check]:
    """Raises `FetchError` when nothing can be asked at all."""
    server.number("vector(1)", now)
    yield Check(True, f"{server.url} answers")
    sets = list(config["sets"])
    found = False
    for name in (one for one in (*GPU_SETS, *SERVING_SETS) if one in sets):
        metric, said, cure = _OF_SET[name]
        series = server.number(count_now(metric, asked), now)
        found |= series is not None
        if series:
            yield Check(True, f"{series:.0f} series of {said}")
        elif name == "dcgm" or len(sets) == 1:
            yield Check(False, f"no {said} series within the last 10 minutes ({metric})", cure)
        if series and name in GPU_SETS:
            yield from _spacing(server, metric, said, config, asked, now)
    if not found and not custom:
        yield Check(
            False, "none of what is to be read is here", "Choose other sets, or another server"
        )
    if "kube" in sets:
        yield from _kube(server, asked, now)
    if "pods" in sets:
        yield from _pods(server, asked, now)
    for query in custom_queries(custom):
        server.number(f"count({query.promql})", now)
        yield Check(True, f"the query {query.name.split('.')[1]} is understood")
    yield from _retention(server, config, now)


def _spacing(
    server: Server, metric: str, said: str, config: Mapping, asked: Asked, now: datetime
) -> Iterator[Check]:
    samples = server.number(samples_now(metric, asked), now) or 0
    expected = _MINUTES * 60 / int(config["scrape_seconds"])
    if 2 < samples < expected / 2:
        seconds = round(_MINUTES * 60 / samples)
        yield Check(
            False,
            f"{said} comes about every {seconds} s, not every {config['scrape_seconds']} s, so"
            " that most time would be unobserved",
            f"Set the scrape interval to {seconds} (or wait, if scraping has just begun)",
        )


def _kube(server: Server, asked: Asked, now: datetime) -> Iterator[Check]:
    nodes = server.number(count_now("kube_node_info", asked), now)
    if nodes is None:
        yield Check(
            False,
            "no kube_node_info: nodes cannot be joined to the bill, nor pods be told from idle"
            " devices",
            "Scrape kube-state-metrics, or leave kube out and load a resource map",
        )
        return
    yield Check(True, f"{nodes:.0f} nodes of kube-state-metrics")
    for metric, without in (
        ("kube_pod_container_resource_requests", "shares of GPUs are guessed"),
        ("kube_node_status_capacity", "pods are not told from idle devices"),
    ):
        if server.number(count_now(metric, asked), now) is None:
            yield Check(False, f"no {metric}: {without}", f"Allow {metric} in kube-state-metrics")
    if server.number(count_now("kube_pod_labels", asked), now) is None:
        yield Check(
            False,
            "no kube_pod_labels: models and teams of pods are not known",
            "Start kube-state-metrics with --metric-labels-allowlist=pods=[…]"
            " (docs/sources/prometheus.md)",
        )


def _pods(server: Server, asked: Asked, now: datetime) -> Iterator[Check]:
    for metric, without, cure in (
        ("kube_node_status_allocatable", "machines without GPUs cannot be shared by their pods",
         "Allow it in kube-state-metrics, or leave pods out"),
        ("container_cpu_usage_seconds_total", "pods weigh by what they requested alone",
         "Scrape the kubelet's /metrics/cadvisor"),
    ):  # fmt: skip
        if server.number(count_now(metric, asked), now) is None:
            yield Check(False, f"no {metric}: {without}", cure)


def _retention(server: Server, config: Mapping, now: datetime) -> Iterator[Check]:
    """Only a Prometheus tells; of others the past is asked for and comes or not."""
    if not config["start"]:
        return
    try:
        told = str(server.runtime().get("storageRetention", ""))
    except FetchError:
        return
    found = _RETENTION.findall(told.split(" or ")[0])
    kept = timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in found))
    start = as_utc(datetime.fromisoformat(config["start"]))
    if found and now - start > kept:
        first = (now - kept).date()
        yield Check(
            False,
            f"the server keeps {told}, so there is nothing before {first}: what was before stays"
            " unobserved",
            f"Start at {first}, or ask a store that keeps more (Thanos, Mimir)",
        )
