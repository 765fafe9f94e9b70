"""A real Prometheus, from the test of its connection to the ledger. The world it knows is drawn in
prometheus_world.py."""

from datetime import datetime, timedelta

import pytest

from ingest.connect import configure
from ingest.models import (
    GpuInterval,
    Quarantined,
    ResourceMap,
    UsageDay,
    WorkloadMap,
)
from ingest.run_source import run_source
from tests.ingest.prometheus_world import (
    EIGHT,
    LLAMA,
    NOON,
    backfill,
    open_metrics,
    prometheus,
)

pytestmark = pytest.mark.prometheus


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    backfill(folder, open_metrics())
    with prometheus(folder) as url:
        yield url


@pytest.fixture
def clock(monkeypatch):
    """What the fetcher takes for now."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr("ingest.fetch.prometheus.utc_now", lambda: moment)

    at(NOON + timedelta(minutes=10))
    return at


def connected(url, **more):
    values = {"url": url, "cluster": "prod", "start": "2026-09-01",
              "labels": "team = cost-center", **more}  # fmt: skip
    return configure("metrics", "prometheus", values)


def bucket(device, at, workload=""):
    found = GpuInterval.objects.filter(device_uuid=device, t_start=at)
    return next(row for row in found if workload in row.workload_key and
                bool(workload) == bool(row.workload_key))  # fmt: skip


def ledger():
    """Everything of the source that stands, without what says how it came."""
    tables = (GpuInterval, UsageDay, ResourceMap, WorkloadMap)
    without = ("delivery_id", "id")
    return [
        sorted(
            repr({k: v for k, v in row.items() if k not in without})
            for row in table.objects.values()
        )
        for table in tables
    ]


@pytest.mark.django_db
def test_it_brings_a_cluster_into_the_ledger(server, clock, home):
    run = run_source(connected(server))
    assert (run.state, run.message, run.held) == ("done", "", 0)
    assert Quarantined.objects.count() == 0

    held = bucket("GPU-1", EIGHT, "llama")
    assert (held.workload_key, held.node, held.cluster) == (
        f"k8s:prod/ml/{LLAMA}/main", "node-a", "prod",
    )  # fmt: skip
    assert (held.observed_ms, held.busy_ms, held.held_idle_ms) == (300_000, 150_000, 0)
    assert (held.alloc_gpu_fraction, held.alloc_basis, held.fb_total_mib) == (
        1,
        "exclusive",
        80_000,
    )
    device = bucket("GPU-1", EIGHT)
    assert (device.energy_j, device.energy_basis) == (120_000, "counter")
    idle = bucket("GPU-1", EIGHT + timedelta(minutes=90), "llama")
    assert (idle.busy_ms, idle.zero_ms, idle.held_idle_ms) == (0, 300_000, 300_000)

    assert bucket("GPU-2", EIGHT).empty_idle_ms == 300_000
    gap = GpuInterval.objects.filter(
        device_uuid="GPU-2", t_start__gte=EIGHT + timedelta(minutes=35),
        t_start__lt=EIGHT + timedelta(minutes=45),
    )  # fmt: skip
    assert not gap.exists(), "a gap is unobserved, not idle"
    assert not GpuInterval.objects.filter(device_uuid="GPU-2").exclude(workload_key="").exists()
