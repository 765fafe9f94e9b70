"""The engine on small bills: what stands where, and what happens when something changes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.models import AllocatedCharge, AllocationRule, CostDay, GpuDay
from ingest.models import Alias, ResourceMap
from tests.attribution.ledger import (
    DAY,
    calls,
    charge,
    gpu_hours,
    node_map,
    source,
    stands,
    workload_map,
)

pytestmark = pytest.mark.django_db

NODE = {
    "resource_id": "i-0a",
    "instance_type": "p4d.24xlarge",
    "service_category": "Compute",
    "consumed_unit": "Hrs",
}


def test_it_splits_a_node_by_reserved_gpu_time_and_then_by_calls():
    """8 GPUs, 24 h, 192 GPU-h at 1.00: ranker 6 GPUs all day (2 h held idle on one), one GPU free,
    one GPU silent for 12 h."""
    node_map("node-a", "i-0a")
    workload_map("rank-*", workload="ranker", model="ranker-v3", activity="inference")
    for device in range(6):
        gpu_hours(f"G{device}", range(24), pod="rank-1", held=2 if device == 0 else 0)
    gpu_hours("G6", range(24))
    gpu_hours("G7", range(12))
    calls("ranker-v3", 300, feature="search")
    calls("ranker-v3", 100, feature="recs")
    node = charge("0", "192", consumed="24", tags={"team": "relevance"}, **NODE)
    attribute()
    own = ("ranker", "ranker-v3")
    assert stands(node) == {
        ("workload", "active", *own, "search", "relevance"): Decimal("106.5"),
        ("workload", "active", *own, "recs", "relevance"): Decimal("35.5"),
        ("idle", "held_idle", *own, "search", "relevance"): Decimal("1.5"),
        ("idle", "held_idle", *own, "recs", "relevance"): Decimal("0.5"),
        ("idle", "unreserved", "", "", "", "relevance"): Decimal(36),
        ("unattributed", "unobserved", "", "", "", "relevance"): Decimal(12),
    }
    hours = {g.target.state: g.gpu_ms / 3_600_000 for g in GpuDay.objects.select_related("target")}
    assert hours == {"active": 142, "held_idle": 2, "unreserved": 36, "unobserved": 12}
    assert is_clean(audit())


def test_it_never_calls_a_silent_day_idle():
    node_map("node-a", "i-0a")
    node = charge("96", consumed="24", **NODE)
    attribute()
    assert stands(node) == {("unattributed", "unobserved", "", "", "", ""): Decimal(96)}


def test_it_leaves_a_node_alone_that_no_telemetry_knows():
    node = charge("96", consumed="24", tags={"team": "search"}, **NODE)
    attribute()
    assert stands(node) == {("workload", "active", "", "", "", "search"): Decimal(96)}


@pytest.mark.parametrize("held", [{"valid_to": DAY}, {"valid_from": DAY + timedelta(days=1)}])
def test_a_map_that_has_ended_or_not_begun_claims_no_node(held):
    node_map("node-a", "i-0a")
    ResourceMap.objects.update(**held)
    node = charge("96", consumed="24", tags={"team": "search"}, **NODE)
    attribute()
    assert stands(node) == {("workload", "active", "", "", "", "search"): Decimal(96)}


def test_four_quarter_gpus_are_one_gpu_and_too_many_shares_shrink_together():
    node_map("node-a", "i-0a")
    node = charge("24", consumed="24", **{**NODE, "instance_type": "g5.xlarge"})
    for pod in ("a", "b", "c", "d", "e"):
        gpu_hours("G0", range(24), pod=pod, fraction="0.25")
    attribute()
    assert set(stands(node).values()) == {Decimal("4.8")}
    assert sum(stands(node).values()) == 24


def test_it_splits_a_model_api_by_tokens_and_shows_what_was_not_metered():
    api = {
        "service_category": "AI and Machine Learning",
        "service_subcategory": "Generative AI",
        "sku_meter": "big-llm input tokens",
        "consumed_unit": "Tokens",
    }
    metered = charge("15.75", consumed="10500000", **api)
    unknown = charge("7", consumed="7", **{**api, "sku_meter": "other-llm output tokens"})
    calls("big-llm", input_tokens=4_000_000, feature="search")
    calls("big-llm", input_tokens=6_000_000, output_tokens=5, feature="assistant")
    attribute()
    assert stands(metered) == {
        ("workload", "active", "", "big-llm", "search", ""): Decimal(6),
        ("workload", "active", "", "big-llm", "assistant", ""): Decimal(9),
        ("unattributed", "unmetered", "", "big-llm", "", ""): Decimal("0.75"),
    }
    assert stands(unknown) == {("workload", "active", "", "other-llm", "", ""): Decimal(7)}


def test_it_keeps_a_credit_negative_and_a_charge_nobody_claims_visible():
    node_map("node-a", "i-0a")
    gpu_hours("G0", range(24), pod="alpha")
    gpu_hours("G0", range(24), pod="beta")
    credit = charge("-1", consumed="24", **{**NODE, "instance_type": "g5.xlarge"})
    plain_credit = charge("-5", charge_category="Credit")
    nobody = charge("3", service_name="Mystery")
    attribute()
    assert sorted(stands(credit).values()) == [Decimal("-0.5")] * 2
    assert stands(plain_credit) == {("shared", "credit", "", "", "", ""): Decimal(-5)}
    assert stands(nobody) == {("unattributed", "unclaimed", "", "", "", ""): Decimal(3)}


def test_a_new_rule_version_moves_money_from_its_valid_day_on():
    kept = charge("30", sub_account_id="4711", day=DAY.replace(day=2))
    moved = charge("30", sub_account_id="4711", day=DAY.replace(day=9))
    attribute()
    AllocationRule.objects.create(
        key="account-4711",
        version=1,
        position=650,
        title="Account 4711 is data engineering",
        method="direct",
        conditions=[{"field": "account", "op": "is", "value": "4711"}],
        assigns={"team": "data-eng", "activity": "data"},
        valid_from=DAY.replace(day=5),
    )
    again = attribute()
    assert [one.day.day for one in again] == [9]
    assert stands(kept) == {("unattributed", "unclaimed", "", "", "", ""): Decimal(30)}
    assert stands(moved) == {("workload", "active", "", "", "", "data-eng"): Decimal(30)}
    assert set(
        AllocatedCharge.objects.filter(charge_id=moved).values_list("evidence", flat=True)
    ) == {"inferred"}
    assert attribute() == []


def test_a_rule_rebuilds_only_the_days_whose_charges_it_claims():
    other = DAY.replace(day=9)
    charge("20", sub_account_id="1")
    moved = charge("30", day=other, sub_account_id="4711")
    attribute()
    rows = dict(CostDay.objects.values_list("day", "id"))
    AllocationRule.objects.create(
        key="data_eng",
        version=1,
        position=650,
        title="Account 4711 is data engineering",
        method="direct",
        conditions=[{"field": "account", "op": "is", "value": "4711"}],
        assigns={"team": "data-eng"},
    )
    assert {one.day: one.charges for one in attribute()} == {DAY: 0, other: 1}
    now = dict(CostDay.objects.values_list("day", "id"))
    assert now[DAY] == rows[DAY] and now[other] != rows[other]
    assert stands(moved) == {("workload", "active", "", "", "", "data-eng"): Decimal(30)}
    assert attribute() == []

    Alias.objects.create(dimension="team", raw="data-eng", canonical="data")
    assert {one.day: one.charges for one in attribute()} == {DAY: 1, other: 1}
    assert stands(moved) == {("workload", "active", "", "", "", "data"): Decimal(30)}


def test_it_rebuilds_a_day_when_late_telemetry_arrives_and_changes_nothing_otherwise():
    node_map("node-a", "i-0a")
    node = charge("192", consumed="24", **NODE)
    attribute()
    before = list(CostDay.objects.values_list("day", "effective_cost"))
    gpu_hours("G0", range(24), pod="late-1")
    assert len(attribute()) == 1
    assert stands(node)[("workload", "active", "late", "", "", "")] == Decimal(24)
    after = list(CostDay.objects.order_by("id").values_list("effective_cost", flat=True))
    assert sum(after) == 192 and len(after) != len(before)


def test_it_spreads_ownerless_idle_and_shared_without_losing_a_quantum():
    charge("10", service_category="Storage", tags={"team": "a"})
    charge("20", service_category="Storage", tags={"team": "b"})
    charge("7", charge_category="Tax")
    charge("1", 0, charge_category="Purchase", commitment_discount_id="sp-1")
    charge("0", 5, commitment_discount_id="sp-1", commitment_discount_status="Unused")
    charge("2", service_name="AWS Support", long_until="2026-10-01T00:00:00Z")
    attribute()
    rows = CostDay.objects.select_related("target")
    own = sum(row.effective_cost for row in rows)
    spread = {
        (row.target.kind, row.target.team, row.is_month_spread): (
            row.idle_spread_effective,
            row.shared_spread_effective,
        )
        for row in rows
        if row.target.kind == "workload"
    }
    assert own == 44
    assert sum(row.idle_spread_effective + row.shared_spread_effective for row in rows) == 0
    third = Decimal("1.666666666666666666")
    assert spread[("workload", "a", False)] == (third, Decimal("2.333333333333333333"))
    assert spread[("workload", "b", True)][1] == Decimal("1.333333333333333334")


def test_two_sources_stay_apart_and_every_grouping_adds_up():
    charge("1", tags={"team": "x"})
    charge("2", of=source("gcp"), tags={"team": "x"}, billing_currency="EUR")
    attribute()
    totals = {(t["source"], t["currency"]): t["billed"] for t in audit()["totals"]}
    assert totals == {("aws", "USD"): "1", ("gcp", "EUR"): "2"}
