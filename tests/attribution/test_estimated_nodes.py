"""Hours of GPU nodes, expected at what an hour of their type was last billed."""

from datetime import date
from decimal import Decimal

import pytest

from attribution.allocate import attribute
from attribution.estimates import estimate
from attribution.models import EstimatedCost
from ingest.models import GpuInterval, WorkloadMap
from tests.attribution import ledger
from tests.attribution.test_estimates import FINAL, YESTERDAY, cost_rows

pytestmark = pytest.mark.django_db

D = Decimal


def node_bill(day: date, node: str, hours: str, cost: str) -> int:
    return ledger.charge(
        cost, day=day, consumed=hours, resource_id=node, instance_type="p4d.24xlarge",
        consumed_unit="Hrs", service_category="Compute", provider="AWS",
        tags={"environment": "prod"},
    )  # fmt: skip


def test_hours_of_a_node_are_expected_at_the_rate_last_billed_for_its_type(tmp_path):
    """24 hours cost 460.80, so 19.20 each. Two devices are seen for 3 hours, one of them held by a
    pod; a second node that no bill has named yet runs for one hour beside it."""
    node_bill(FINAL, "i-0a", "24", "460.80")
    ledger.node_map("node-a", "i-0a")
    attribute()
    for device in ("gpu-1", "gpu-2"):
        pod = "rank-1" if device == "gpu-1" else ""
        ledger.gpu_hours(device, range(8, 11), pod=pod, day=YESTERDAY)
    ledger.gpu_hours("gpu-3", range(8, 9), node="node-b", day=YESTERDAY)
    ledger.gpu_hours("gpu-4", range(8, 9), node="node-b", day=YESTERDAY)
    GpuInterval.objects.update(device_model="A100", cluster="")
    WorkloadMap.objects.create(pattern="rank-*", workload="ranker", model="ranker-v3",
                               activity="inference")  # fmt: skip
    estimate()
    rows = EstimatedCost.objects.filter(superseded_at=None).select_related("target")
    by_state = {}
    for row in rows:
        key = (row.resource_id, row.target.state, row.target.workload)
        by_state[key] = by_state.get(key, D(0)) + row.estimated_cost
        assert row.unit_price == D("19.2")
    assert by_state == {
        ("i-0a", "active", "ranker"): D("28.8"),
        ("i-0a", "unreserved", ""): D("28.8"),
        ("node-b", "unreserved", ""): D("19.2"),
    }
    [billed, *_] = [row for row in cost_rows(group_by=("workload",)) if row["workload"] == "ranker"]
    assert billed["estimated_cost"] == D("28.8")
    node_bill(YESTERDAY, "i-0a", "3", "57.60")
    attribute()
    left = {row["workload"] or row["line"]: row["estimated_cost"]
            for row in cost_rows(group_by=("workload",))}  # fmt: skip
    assert left["ranker"] == 0
    assert sum(left.values()) == D("19.2")
