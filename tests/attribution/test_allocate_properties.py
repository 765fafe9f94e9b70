"""Random bills, telemetry and calls against a slow Python oracle of both stages of the split."""

from collections import defaultdict
from decimal import Decimal
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from aicost.kernel.money import QUANTUM, split
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.models import AllocatedCharge, CostDay, Target
from ingest.models import ChangedDay, Charge
from tests.attribution.ledger import DAY, calls, charge, gpu_hours, node_map, workload_map

CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "60"))
NODE = {"resource_id": "i-0a", "instance_type": "p4d.24xlarge", "consumed_unit": "Hrs"}
TARGET = ("kind", "state", "activity", "workload", "model", "feature", "experiment", "team")

money = st.decimals(min_value=Decimal("-1e6"), max_value=Decimal("1e6"), places=18)
model = st.sampled_from(["m1", "m2", "m3"])
name = st.sampled_from(["", "a", "b", "c"])
bills = st.lists(
    st.tuples(
        money, st.sampled_from(["node", "api", "tagged", "nobody", "tax", "credit"]), model, name
    ),
    min_size=1,
    max_size=8,
)
pods = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 24), model), max_size=6)
usage = st.lists(
    st.tuples(model, name, name, st.integers(0, 10**9), st.integers(0, 10**10)), max_size=8
)


def _order(target: Target) -> tuple[bytes, ...]:
    return tuple(getattr(target, part).encode() for part in (*TARGET, "environment"))


def oracle(charge: Charge, rows: list[AllocatedCharge]) -> dict[tuple[int, int], Decimal]:
    """What each (stage-1, final) target must get of the effective cost, from the weights alone."""
    stage1 = {row.stage1_target_id: row.stage1_target for row in rows}
    ordered = sorted(stage1.values(), key=_order)
    weight = {row.stage1_target_id: row.weight for row in rows}
    parts = split(charge.effective_cost, [weight[target.id] for target in ordered])
    out = {}
    for target, part in zip(ordered, parts, strict=True):
        finals = sorted(
            (row for row in rows if row.stage1_target_id == target.id),
            key=lambda r: _order(r.target),
        )
        shares = split(part, [row.weight2 or 1 for row in finals])
        for row, share in zip(finals, shares, strict=True):
            out[(target.id, row.target_id)] = share
    return out


def build(bills, pods, usage) -> None:
    node_map("node-a", "i-0a")
    for key in ("m1", "m2", "m3"):
        workload_map(f"{key}-*", workload=f"serve-{key}", model=key, activity="inference")
    for device, hours, key in pods:
        gpu_hours(f"G{device}", range(hours), pod=f"{key}-x", held=hours // 3)
    for key, feature, team, requests, tokens in usage:
        calls(key, requests, feature=feature, team=team, input_tokens=tokens)
    for nth, (cost, kind, key, team) in enumerate(bills):
        series = {
            "node": {**NODE, "tags": {"team": team} if team else {}},
            "api": {
                "service_subcategory": "Generative AI",
                "sku_meter": f"{key} input tokens",
                "consumed_unit": "1K tokens",
            },
            "tagged": {"tags": {"team": team or "z", "model": key, "activity": "inference"}},
            "nobody": {},
            "tax": {"charge_category": "Tax"},
            "credit": {"charge_category": "Credit"},
        }[kind]
        charge(cost, cost / 3 if nth % 2 else cost, consumed="24", sku_id=str(nth), **series)


class TestAllocation(TestCase):
    @settings(
        max_examples=CASES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(bills=bills, pods=pods, usage=usage)
    def test_it_agrees_with_the_oracle_to_the_last_digit(self, bills, pods, usage):
        build([(c.quantize(QUANTUM), *rest) for c, *rest in bills], pods, usage)
        attribute()
        rows = defaultdict(list)
        for row in AllocatedCharge.objects.select_related("target", "stage1_target"):
            rows[row.charge_id].append(row)
        charges = list(Charge.objects.all())
        for one in charges:
            expected = oracle(one, rows[one.id])
            got = {(r.stage1_target_id, r.target_id): r.effective_cost for r in rows[one.id]}
            assert got == expected
            assert all(part * one.effective_cost >= 0 for part in got.values())
        assert is_clean(audit())
        total = sum(one.effective_cost for one in charges)
        for grouping in ("target__team", "target__kind", "evidence", "service_name"):
            groups = defaultdict(Decimal)
            for key, cost in CostDay.objects.values_list(grouping, "effective_cost"):
                groups[key] += cost
            assert sum(groups.values()) == total
        spread = CostDay.objects.values_list("idle_spread_effective", "shared_spread_effective")
        assert sum(sum(pair) for pair in spread) == 0
        self._again_changes_nothing()

    def _again_changes_nothing(self):
        columns = ("charge_id", "stage1_target_id", "target_id", "billed_cost", "effective_cost")
        before = sorted(AllocatedCharge.objects.values_list(*columns))
        for source in Charge.objects.values_list("source_id", flat=True).distinct():
            ChangedDay.objects.create(source_id=source, day=DAY, what="charges")
        attribute()
        assert sorted(AllocatedCharge.objects.values_list(*columns)) == before
