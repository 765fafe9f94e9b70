"""What money buys: layers by hand, and as a partition of any bill."""

from datetime import date
from decimal import Decimal
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
import pytest

from aicost.kernel.targets import ACTIVITIES, KINDS, STATES
from attribution.allocate import attribute
from attribution.reports.explain import explain
from attribution.reports.spec import LAYERS, Spec
from tests.attribution.books import AUGUST, FINANCE, SEPTEMBER, SUMMER, ask, by, nonzero, stand
from tests.attribution.ledger import calls, charge, gpu_hours, node_map, workload_map

D = Decimal
CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "12"))
BY_LAYER = ("layer",)


@pytest.fixture
def built(db):
    """A node of 8 GPU-hours for 80.00: 4 serve, 1 is held by what serves, 2 are free, 1 is silent.
    Beside it tokens of an API, two buckets of which one has no owner, logs, transfer, a training
    job, tax and something nobody knows."""
    node_map("node-a", "i-1")
    workload_map("rank-*", workload="ranker", model="rank-v1", team="a", activity="inference")
    gpu_hours("G0", range(7))
    gpu_hours("G0", range(5), pod="rank-1", held=1)
    charge("80", consumed="1", resource_id="i-1", instance_type="p4d.24xlarge",
           service_category="Compute", service_name="Computers", consumed_unit="Hrs")  # fmt: skip
    charge("30", provider="AWS", service_name="Amazon Bedrock", consumed_unit="1K tokens",
           sku_meter="USE1-Claude3Sonnet-input-tokens", consumed="1000",
           service_category="AI and Machine Learning")  # fmt: skip
    charge("10", tags={"team": "a"}, service_name="Buckets", service_category="Storage")
    charge("4", service_name="Buckets", service_category="Storage")
    charge("6", tags={"team": "a"}, service_name="Logs",
           service_category="Management and Governance")  # fmt: skip
    charge("3", tags={"team": "a"}, service_name="Egress", service_category="Networking")
    charge("50", tags={"activity": "training", "experiment": "tune"}, service_name="Trainer")
    charge("2", charge_category="Tax", service_name="Tax")
    charge("1", service_name="Gadgets")
    calls("rank-v1", 300, feature="search")
    attribute()


@pytest.mark.django_db
def test_it_knows_inference_by_the_serving_mode_of_its_calls():
    """Of `old` no call tells the mode; `both` is called in two ways; `quiet` by nobody."""
    for name, cost in (("rank", "30"), ("tag", "20"), ("old", "5"), ("both", "7"), ("quiet", "1")):
        charge(cost, tags={"model": name, "activity": "inference", "workload": name})
    for name, mode in (("rank", "real-time"), ("tag", "batch"), ("old", ""), ("both", "batch"),
                       ("both", "real-time")):  # fmt: skip
        calls(name, 10, serving_mode=mode, workload=name)
    charge("50", tags={"activity": "training", "model": "rank"})
    attribute()
    rows = ask("serving_modes")
    assert [(row["serving_mode"], row["names"], row["cost"]) for row in rows] == [
        ("real-time", "rank", 30), ("batch", "tag", 20), ("mixed", "both", 7),
        ("", "old, quiet", 6),
    ]  # fmt: skip


def test_it_says_what_the_money_buys_and_adds_up_to_the_bill(built):
    """Idle of what serves is hosting kept warm; free capacity, tax and what nobody can say keep
    their lines; storage is storage whoever owns it."""
    rows = ask("cost", group_by=BY_LAYER)
    assert by(rows, "layer", "line") == {
        ("inference_compute", "owned"): 40,
        ("hosting_kept_warm", "owned"): 10,
        ("model_api", "owned"): 30,
        ("training_compute", "owned"): 50,
        ("storage", "owned"): 14,
        ("data_movement", "owned"): 3,
        ("observability", "owned"): 6,
        ("", "shared"): 2,
        ("", "idle"): 20,
        ("", "unattributed"): 11,
    }
    assert sum(row["cost"] for row in rows) == 186


def test_it_is_a_filter_like_any_other_and_every_layer_can_be_explained(built):
    """By service, by single charges and by "Why?", a layer holds the same money."""
    for row in ask("cost", group_by=BY_LAYER):
        chosen = {"layer": (row["layer"],)} | ({} if row["layer"] else {"kind": (row["line"],)})
        for group in ((), ("service",), ("resource",), ("layer", "team")):
            found = ask("cost", group_by=group, filters=chosen)
            assert sum(one["cost"] for one in found) == row["cost"], (row, group)
        why = explain(
            Spec("cost", SEPTEMBER, FINANCE, group_by=BY_LAYER), {"layer": row["layer"]},
            line=row["line"],
        )  # fmt: skip
        assert (why.figure, sum(line.part for line in why.lines)) == (row["cost"], row["cost"])


def test_it_shows_a_team_the_layers_of_its_own_rows(built):
    rows = ask("cost", asker=type(FINANCE)("engineer", ("a",)), group_by=BY_LAYER)
    assert by(rows, "layer") == {
        "inference_compute": 40, "hosting_kept_warm": 10, "storage": 10, "data_movement": 3,
        "observability": 6,
    }  # fmt: skip


amounts = st.decimals(min_value=-1000, max_value=1000, places=18)
names = st.sampled_from(["", "a", "b"])
stands = st.lists(
    st.tuples(amounts, st.sampled_from(KINDS), st.sampled_from(ACTIVITIES), names, names,
              st.integers(1, 58)),
    min_size=1, max_size=12,
)  # fmt: skip


class AnyBill(TestCase):
    @settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(stands, st.sampled_from(["total", "day", "week", "month", "quarter"]))
    def test_layers_partition_it(self, costs, step):
        for amount, kind, activity, team, feature, day in costs:
            stand(
                date.fromordinal(AUGUST.start.toordinal() + day), amount, kind=kind,
                state=STATES[kind][0], activity=activity, team=team, feature=feature,
            )  # fmt: skip
        bill = sum(row[0] for row in costs)
        rows = ask("cost", SUMMER, group_by=BY_LAYER, granularity=step)
        assert sum(row["cost"] for row in rows) == bill
        assert {row["layer"] for row in rows} <= {*LAYERS, ""}
        assert all(row["line"] == "owned" for row in rows if row["layer"])
        for layer in (*LAYERS, ""):
            part = ask("cost", SUMMER, group_by=("team",), filters={"layer": (layer,)})
            whole = sum((row["cost"] for row in rows if row["layer"] == layer), D(0))
            assert sum((row["cost"] for row in part), D(0)) == whole
        classes = ask("cost_class", SUMMER, group_by=BY_LAYER, granularity=step)
        keys = ("period", "layer", "line")
        assert nonzero(by(classes, *keys)) == nonzero(by(rows, *keys))
