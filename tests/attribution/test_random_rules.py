"""Random rule sets × random bills × random telemetry: whatever rules say, no cent is lost, none
turns its sign, every table adds up, and neither order nor repetition changes a digit."""

from collections import defaultdict
from contextlib import contextmanager
from decimal import Decimal
import os

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.claims import ensure_builtin_rules
from attribution.models import AllocatedCharge, CostDay, DayState, Target
from attribution.reports import run
from attribution.reports.cost import DIMENSIONS
from attribution.reports.spec import ANY_TAG, BASES, Asker, Spec, is_charge_dimension
from ingest.models import ChangedDay, Charge
from ingest.partitions import ensure_partitions
from tests.attribution.build_worlds import build, ground
from tests.attribution.random_worlds import DAYS, NEXT, World, worlds

CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "100"))
PERIOD = Period(DAYS[0], NEXT.replace(day=3))
COSTS = ("billed_cost", "effective_cost")
SUMMED = (*COSTS, "list_cost", "contracted_cost", "pricing_quantity", "consumed_quantity")
NAMES = ("kind", "state", "activity", "workload", "model", "feature", "experiment", "team",
         "environment")  # fmt: skip
GROUPS = [(name,) for name in (*DIMENSIONS, "tag:team") if name != ANY_TAG]
GROUPS += [(), ("feature", "team"), ("model", "source"), ("kind", "evidence"), ("team", "activity")]
TABLES = [
    Spec("cost", PERIOD, Asker("admin"), group_by=groups, basis=basis, idle=idle, shared=shared)
    for groups in GROUPS
    for basis in BASES
    for idle in ("shown", "spread")
    for shared in ("shown", "spread")
    if not (any(map(is_charge_dimension, groups)) and "spread" in (idle, shared))
]
TABLES_A_CASE = 3


@contextmanager
def thrown_away():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def published() -> tuple[list, list]:
    """The whole ledger in names, no id in it."""
    target = [f"target__{name}" for name in NAMES]
    first = [f"stage1_target__{name}" for name in NAMES]
    parts = AllocatedCharge.objects.values_list(
        "charge__series__sku_id", "charge__day", *first, *target, "rule__key", "rule__version",
        "evidence", "weight", "total_weight", "weight2", "total_weight2", *SUMMED)  # fmt: skip
    spreads = [f"{pool}_spread_{basis}" for pool in ("idle", "shared") for basis in BASES]
    rows = CostDay.objects.values_list(
        "day", "source__name", "currency", *target, "sub_account_id", "service_name", "region_id",
        "charge_category", "evidence", "is_long", "is_month_spread", *COSTS, *spreads)  # fmt: skip
    return sorted(parts, key=str), sorted(rows, key=str)


def attributed() -> None:
    failures = [result.failure for result in attribute() if result.failure]
    assert failures == []
    assert not DayState.objects.exclude(failure="").exists()


def check_charges() -> None:
    """Each charge is the sum of its parts in every column; no part is of another sign."""
    parts = defaultdict(list)
    for row in AllocatedCharge.objects.values("charge_id", *SUMMED):
        parts[row["charge_id"]].append(row)
    charges = list(Charge.objects.values("id", *SUMMED))
    assert parts.keys() == {one["id"] for one in charges}
    for one in charges:
        for column in SUMMED:
            got = [row[column] for row in parts[one["id"]]]
            if one[column] is None:
                assert set(got) == {None}
            else:
                assert sum(got) == one[column], (one, column, got)
                assert all(part * one[column] >= 0 for part in got), (one, column, got)


def check_days() -> None:
    """The rollup is the bill, per source, day and currency; what is spread is what is received."""
    bill, ledger = defaultdict(Decimal), defaultdict(Decimal)
    for row in Charge.objects.values("source", "day", "series__billing_currency", *COSTS):
        for column in COSTS:
            bill[row["source"], row["day"], row["series__billing_currency"], column] += row[column]
    spreads = [f"{pool}_spread_{basis}" for pool in ("idle", "shared") for basis in BASES]
    moved = defaultdict(Decimal)
    for row in CostDay.objects.values("source", "day", "currency", *COSTS, *spreads):
        for column in COSTS:
            ledger[row["source"], row["day"], row["currency"], column] += row[column]
        for column in spreads:
            moved[row["source"], row["day"], row["currency"], column] += row[column]
    assert {k: v for k, v in bill.items() if v} == {k: v for k, v in ledger.items() if v}
    assert set(moved.values()) <= {Decimal(0)}
    assert is_clean(audit())


def check_tables(first: int) -> None:
    """The rows of a few tables add up to the bill, per currency."""
    known: dict = {}
    for nth in range(TABLES_A_CASE):
        spec = TABLES[(first + nth * 41) % len(TABLES)]
        bill, table = defaultdict(Decimal), defaultdict(Decimal)
        costs = Charge.objects.values_list("series__billing_currency", f"{spec.basis}_cost")
        for currency, amount in costs:
            bill[currency] += amount
        answer = run(spec, known)
        for row in answer.rows:
            table[row["currency"]] += row["cost"]
        assert {k: v for k, v in table.items() if v} == {k: v for k, v in bill.items() if v}, spec
        assert answer.residual == 0


class TestRandomRules(TestCase):
    @classmethod
    def setUpTestData(cls):
        ensure_builtin_rules()
        cls.ground = ground()
        for table in (
            "ingest_charge",
            "ingest_gpuinterval",
            "ingest_podhour",
            "attribution_allocatedcharge",
        ):
            ensure_partitions(table, DAYS)

    @settings(
        max_examples=CASES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(world=worlds(), table=st.integers(0, len(TABLES) - 1), reorder=st.booleans())
    def test_no_cent_is_lost_whatever_the_rules_say(self, world: World, table: int, reorder: bool):
        other = None
        if reorder:
            with thrown_away():
                build(world, self.ground, backwards=True)
                attributed()
                other = published()
                targets = Target.objects.order_by("-id").values(*NAMES)
                made = [Target(**names) for names in targets]
            # Targets that stood before have ids of another order, which decides nothing.
            Target.objects.bulk_create(made)
        build(world, self.ground)
        attributed()
        check_charges()
        check_days()
        check_tables(table)
        mine = published()
        if not reorder:
            for source, day in Charge.objects.values_list("source_id", "day").distinct():
                ChangedDay.objects.create(source_id=source, day=day, what="charges")
            attributed()
            other = published()
        assert mine == other, "in another order" if reorder else "attributed again"
