"""Two telemetry sources that measure the same device count it once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from ingest.models import GpuInterval
from tests.attribution.ledger import DAY, charge, gpu_hours, node_map, stands

pytestmark = pytest.mark.django_db

NODE = {
    "resource_id": "i-0a",
    "instance_type": "no-type-we-know",
    "service_category": "Compute",
    "consumed_unit": "Hrs",
}


def hours() -> dict[tuple, Decimal]:
    """Of a node at 1 an hour: hours by state and workload."""
    charge("24", consumed="24", **NODE)
    node_map("node-a", "i-0a")
    attribute()
    assert is_clean(audit())
    return {(key[1], key[2]): cost for key, cost in stands().items()}


def test_the_one_that_names_a_workload_counts():
    gpu_hours("G0", range(24), seen_by="log")
    gpu_hours("G0", range(24), pod="rank-0", seen_by="metrics", observed_ms=3_500_000)
    told = hours()
    assert told["active", "rank"] > 23
    assert ("unreserved", "") not in told, "the log alone would call it unreserved"


def test_it_does_not_add_what_both_call_by_other_names():
    gpu_hours("G0", range(24), pod="rank-0", seen_by="first")
    gpu_hours("G0", range(24), pod="rank-0", seen_by="second")
    second = GpuInterval.objects.filter(source__name="second")
    second.exclude(workload_key="").update(workload_key="k8s:prod/rank-0", held_idle_ms=3_600_000)
    assert hours() == {("active", "rank"): Decimal(24)}, "of equals the older source counts"


def test_the_fuller_bucket_counts_and_each_fills_the_gaps_of_the_other():
    gpu_hours("G0", range(12), pod="rank-0", seen_by="first", observed_ms=1_800_000)
    gpu_hours("G0", range(6, 24), pod="rank-0", seen_by="second")
    assert hours() == {("active", "rank"): Decimal(21), ("unobserved", ""): Decimal(3)}


def test_buckets_of_other_lengths_do_not_add_up_either():
    gpu_hours("G0", range(24), pod="rank-0", seen_by="hours")
    gpu_hours("G0", range(24), pod="rank-0", seen_by="minutes")
    for row in GpuInterval.objects.filter(source__name="minutes"):
        GpuInterval.objects.filter(
            source=row.source, t_start=row.t_start, workload_key=row.workload_key
        ).update(t_end=row.t_start + timedelta(minutes=5), observed_ms=200_000)
    assert hours() == {("active", "rank"): Decimal(24)}
    assert GpuInterval.objects.filter(t_start__date=DAY).count() == 96, "both are kept"
