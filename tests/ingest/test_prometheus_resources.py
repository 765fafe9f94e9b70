"""CPU and memory of pods from a real Prometheus to the ledger: one machine, three pods, two hours.

node-d has 8 cores and 28 GB. api asks for 4 cores and 14 GB and uses little; batch asks for 1 core
and uses 2; done ended before the hours began and still asks. A pair of servers scrapes twice.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from ingest.connect import configure
from ingest.models import PodHour, Quarantined
from ingest.run_source import run_source
from tests.attribution.ledger import charge, stands
from tests.ingest.prometheus_world import EIGHT, backfill, prometheus

pytestmark = [pytest.mark.prometheus, pytest.mark.django_db]

GB = 1024**3
NODE = {"node": "node-d"}
API = {"namespace": "shop", "pod": "api-7c9d8f6b5d-x2x4z"}
BATCH = {"namespace": "shop", "pod": "batch-0"}
DONE = {"namespace": "shop", "pod": "done-x"}
EVERY = 30


def samples(seconds: int):
    yield "kube_node_info", {**NODE, "provider_id": "aws:///eu-central-1a/i-0d"}, 1
    yield "kube_node_status_allocatable", {**NODE, "resource": "cpu"}, 8
    yield "kube_node_status_allocatable", {**NODE, "resource": "memory"}, 28 * GB
    for pod, cores, memory in ((API, 4, 14), (BATCH, 1, 0), (DONE, 8, 28)):
        place = {**pod, **NODE, "container": "main"}
        yield "kube_pod_info", {**pod, **NODE}, 1
        asked = "kube_pod_container_resource_requests"
        yield asked, {**place, "resource": "cpu"}, cores
        if memory:
            yield asked, {**place, "resource": "memory"}, memory * GB
        yield "kube_pod_status_phase", {**pod, "phase": "Succeeded"}, int(pod is DONE)
    yield "kube_pod_labels", {**API, "label_team": "web"}, 1
    for pod, cores in ((API, 0.5), (BATCH, 2)):
        for container in ("main", ""):
            used = {**pod, "container": container, "id": f"/{pod['pod']}{container}"}
            yield "container_cpu_usage_seconds_total", used, seconds * cores
            yield "container_memory_working_set_bytes", used, 0


def text() -> str:
    families: dict[str, list[str]] = {}
    for seconds in range(0, 7200 + 1, EVERY):
        at = (EIGHT + timedelta(seconds=seconds)).timestamp()
        for metric, labels, value in samples(seconds):
            for replica in ("a", "b"):
                told = {**labels, "prometheus_replica": replica}
                inside = ",".join(f'{name}="{one}"' for name, one in told.items())
                line = f"{metric}{{{inside}}} {value!r} {at:.0f}"
                families.setdefault(metric, []).append(line)
    lines = (line for m, of in families.items() for line in (f"# TYPE {m} unknown", *of))
    return "\n".join([*lines, "# EOF", ""])


def test_pods_share_a_machine_by_what_a_prometheus_knows(tmp_path, monkeypatch, home):
    now = EIGHT + timedelta(hours=2, minutes=10)
    monkeypatch.setattr("ingest.fetch.prometheus.utc_now", lambda: now)
    backfill(tmp_path, text())
    told = {"cluster": "prod", "start": "2026-09-01", "sets": "kube\npods"}
    with prometheus(tmp_path) as url:
        run = run_source(configure("metrics", "prometheus", {"url": url, **told}))
    assert (run.state, run.message, run.held) == ("done", "", 0)
    assert Quarantined.objects.count() == 0
    first = {row.pod: row for row in PodHour.objects.filter(hour=EIGHT)}
    assert set(first) == {"", API["pod"], BATCH["pod"]}, "what has ended holds nothing"
    assert first[""].cpu_capacity_ms == 8 * first[""].observed_ms
    assert first[API["pod"]].memory_requested_ms == 14 * 1024 * first[API["pod"]].observed_ms
    assert round(first[BATCH["pod"]].cpu_used_ms, -5) == 7_200_000

    charge("100", consumed="2", resource_id="i-0d", instance_type="m5.2xlarge",
           service_category="Compute", consumed_unit="Hrs", day=EIGHT.date())  # fmt: skip
    attribute()
    assert is_clean(audit())
    cost = {(key[1], key[2], key[5]): round(cost, 0) for key, cost in stands().items()}
    assert cost == {
        ("active", "api", "web"): Decimal(50),
        ("active", "batch", ""): Decimal(18),
        ("unreserved", "", ""): Decimal(32),
    }
