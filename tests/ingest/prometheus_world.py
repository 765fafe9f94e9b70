"""A cluster as a Prometheus has it, made of samples: four hours of one morning.

    node-a  i-0abc  GPU-1  ml/llama-7d9f8c6b54-aaaaa: busy 0.5 until 9:00, then idle with 30 GB held
                    GPU-2  nobody; no sample from 8:30 to 8:45
    node-b  VMSS 0  GPU-3  no label says it, ml/train-0 requests the one GPU there is
    node-c  GCE     GPU-4  ml/once-xxxxx finished at 9:02, its label stays until 9:20

llama serves: 10 prompt tokens a second (4 of them cached), 5 generated; its counters are reset
at 9:30. A pair of Prometheus servers scrapes everything twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
from pathlib import Path
import socket
import subprocess
import time
from urllib.parse import parse_qsl
import urllib.request

from tests.served import serving

EIGHT = datetime(2026, 9, 1, 8, tzinfo=UTC)
NOON = EIGHT + timedelta(hours=4)
EVERY = 15
LLAMA, TRAIN, ONCE = "llama-7d9f8c6b54-aaaaa", "train-0", "once-xxxxx"
LIVE = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: everything
    honor_labels: true
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
VMSS = (
    "/subscriptions/s-1/resourceGroups/{}/providers/Microsoft.Compute"
    "/virtualMachineScaleSets/aks-gpu/virtualMachines/0"
)
NODES = {
    "node-a": "aws:///eu-central-1a/i-0abc",
    "node-b": "azure://" + VMSS.format("MC_Rg"),
    "node-c": "gce://my-project/us-central1-a/node-c",
}


def minutes(at: datetime) -> float:
    return (at - EIGHT) / timedelta(minutes=1)


def gpu(number: int, node: str, pod: str = "", **more: str) -> dict[str, str]:
    """As dcgm-exporter is seen with honorLabels false: `pod` is its own."""
    held = {"exported_namespace": "ml", "exported_pod": pod, "exported_container": "main"}
    return {
        "gpu": str(number), "UUID": f"GPU-{number}", "modelName": "NVIDIA A100-SXM4-80GB",
        "Hostname": f"host-of-{node}", "namespace": "gpu-operator",
        "pod": f"dcgm-exporter-{node}", "instance": f"10.0.0.{number}:9400",
        **(held if pod else {}), **more,
    }  # fmt: skip


def samples(at: datetime) -> Iterator[tuple[str, dict[str, str], float]]:
    """(metric, labels, value) of one scrape of everything."""
    minute = minutes(at)
    yield from _devices(minute)
    yield from _kubernetes(minute)
    yield from _served(minute)


def _devices(minute: float):
    gr, used = "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_FB_USED"
    one = gpu(1, "node-a", LLAMA)
    yield gr, one, 0.5 if minute <= 60 else 0
    yield used, one, 30_000
    yield "DCGM_FI_DEV_FB_FREE", one, 50_000
    yield "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", one, minute * 60 * 400 * 1000
    if not 30 < minute <= 45:
        yield gr, gpu(2, "node-a"), 0
        yield used, gpu(2, "node-a"), 10
        yield "DCGM_FI_DEV_POWER_USAGE", gpu(2, "node-a"), 60
    yield gr, gpu(3, "node-b"), 9_223_372_036_854_775_794 if 60 < minute <= 65 else 0.25
    yield used, gpu(3, "node-b"), 70_000
    yield gr, gpu(4, "node-c", ONCE if minute <= 80 else ""), 0.9 if minute <= 62 else 0


def _kubernetes(minute: float):
    for node, provider_id in NODES.items():
        yield "kube_node_info", {"node": node, "provider_id": provider_id}, 1
        gpus = {"node": node, "resource": "nvidia_com_gpu"}
        yield "kube_node_status_capacity", gpus, 2 if node == "node-a" else 1
        yield "kube_node_status_allocatable", gpus, 2 if node == "node-a" else 1
        exporter = {"namespace": "gpu-operator", "pod": f"dcgm-exporter-{node}", "node": node}
        yield "kube_pod_info", exporter, 1
    number = {"node": "node-c", "annotation_container_googleapis_com_instance_id": "4711"}
    yield "kube_node_annotations", number, 1
    for node, pod, kind, owner in (
        ("node-a", LLAMA, "ReplicaSet", "llama-7d9f8c6b54"),
        ("node-b", TRAIN, "PyTorchJob", "train"),
        ("node-c", ONCE, "Job", "once"),
    ):
        if pod == ONCE and minute > 70:
            continue
        place = {"namespace": "ml", "pod": pod}
        yield "kube_pod_info", {**place, "node": node}, 1
        asked = {**place, "node": node, "container": "main", "resource": "nvidia_com_gpu"}
        yield "kube_pod_container_resource_requests", asked, 1
        yield "kube_pod_owner", {**place, "owner_kind": kind, "owner_name": owner}, 1
        finished = pod == ONCE and minute > 62
        yield "kube_pod_status_phase", {**place, "phase": "Succeeded"}, int(finished)
    yield "kube_pod_labels", {"namespace": "ml", "pod": LLAMA, "label_team": "search"}, 1
    train = {"namespace": "ml", "pod": TRAIN, "label_cost_center": "vision",
             "label_training_kubeflow_org_job_name": "train"}  # fmt: skip
    yield "kube_pod_labels", train, 1


def _served(minute: float):
    seconds = (minute - 90 if minute > 90 else minute) * 60
    place = {"namespace": "ml", "pod": LLAMA, "model_name": "llama-3.1-8b", "engine": "0"}
    yield "vllm:prompt_tokens_total", place, seconds * 10
    yield "vllm:prefix_cache_hits_total", place, seconds * 4
    yield "vllm:generation_tokens_total", place, seconds * 5
    for reason, rate in (("stop", 1), ("abort", 0.2)):
        yield "vllm:request_success_total", {**place, "finished_reason": reason}, seconds * rate
    shop = {"model": "llama-3.1-8b", "feature": "search", "team": "shop"}
    yield "shop_calls_total", shop, minute * 60 / 3


def exposition(at: datetime) -> str:
    """One scrape of everything, as an exporter prints it."""
    lines = []
    for metric, labels, value in samples(at):
        told = ",".join(f'{name}="{text}"' for name, text in labels.items())
        lines.append(f"{metric}{{{told}}} {value!r}")
    return "\n".join([*lines, ""])


def open_metrics(replicas: tuple[str, ...] = ("a", "b")) -> str:
    """All scrapes, family by family, as promtool takes them."""
    families: dict[str, list[str]] = {}
    for nth in range(4 * 3600 // EVERY + 1):
        at = EIGHT + timedelta(seconds=nth * EVERY)
        for metric, labels, value in samples(at):
            for replica in replicas:
                told = ",".join(
                    f'{k}="{v}"' for k, v in {**labels, "prometheus_replica": replica}.items()
                )
                line = f"{metric}{{{told}}} {value!r} {at.timestamp():.0f}"
                families.setdefault(metric, []).append(line)
    text = []
    for metric, lines in families.items():
        text += [f"# TYPE {metric} unknown", *lines]
    return "\n".join([*text, "# EOF", ""])


@contextmanager
def exporter(text: str) -> Iterator[int]:
    """The port of something that can be scraped."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    with serving(server):
        yield server.server_port


@contextmanager
def prometheus(
    folder: Path, config: str = "scrape_configs: []\n", kept: str = "100y"
) -> Iterator[str]:
    """Debian's server on what lies below `folder`; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "prometheus.yml").write_text(config)
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--storage.tsdb.retention.time={kept}",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(f"{url}/-/ready"), folder / "log")
        yield url
    finally:
        server.terminate()
        server.wait(20)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_for(what, log: Path, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, log.read_text()[-2_000:]
        time.sleep(0.05)


def backfill(folder: Path, text: str) -> None:
    (folder / "samples").write_text(text)
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q"]
    subprocess.run(
        [*command, str(folder / "samples"), str(folder / "data")],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip


class Stand:
    """A Thanos of which a store does not answer, or a proxy that wants a token: in front of a real
    server."""

    def __init__(self, behind: str) -> None:
        self.warnings: list[str] = []
        self.token = ""
        self.seconds_max = 0
        stand = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = dict(parse_qsl(body.decode()))
                seconds = int(asked.get("end", 0)) - int(asked.get("start", 0))
                if stand.seconds_max and seconds > stand.seconds_max:
                    return self.told(422, b"query processing would load too many samples")
                if stand.token and self.headers["Authorization"] != f"Bearer {stand.token}":
                    return self.told(401, b"who are you?")
                request = urllib.request.Request(behind + self.path, body)
                with urllib.request.urlopen(request, timeout=30) as answer:
                    told = json.loads(answer.read())
                if stand.warnings:
                    told["warnings"] = stand.warnings
                    told["data"]["result"] = told["data"]["result"][:1]
                return self.told(200, json.dumps(told).encode())

            def told(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
