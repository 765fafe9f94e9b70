"""When GPUs idle: weekday and hour by hand, stretches over midnight, days off."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.models import GpuDay, GpuHour
from attribution.reports import run
from attribution.reports.spec import Asker, NotAllowed, Spec
from tests.attribution.ledger import charge, gpu_hours, node_map, workload_map

pytestmark = pytest.mark.django_db
D = Decimal
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
TUESDAY, SATURDAY, SUNDAY = date(2026, 9, 1), date(2026, 9, 5), date(2026, 9, 6)
WEEKDAYS = {TUESDAY: 2, SATURDAY: 6, SUNDAY: 7}


def ask(report: str, teams=None, **more) -> list[dict]:
    return run(Spec(report, SEPTEMBER, Asker("finops", teams), **more)).rows


def node(cost: str, resource: str, kind: str, hours: str, day: date) -> None:
    charge(cost, day=day, consumed=hours, resource_id=resource, instance_type=kind,
           service_category="Compute", service_name="Computers", consumed_unit="Hrs")  # fmt: skip


@pytest.fixture
def built():
    """Tuesday, i-a, 8 GPU-hours for 80.00: hour 0 held, 1 to 4 active, 5 and 6 free, one silent.
    The weekend, i-b, one GPU for 24.00 a day: held by a notebook of team b on Saturday from 6 on,
    else free; never active. On Sunday hours 10 and 11 are silent."""
    node_map("node-a", "i-a")
    node_map("node-b", "i-b")
    workload_map("rank-*", workload="ranker", team="a", activity="inference")
    workload_map("note-*", workload="notebook", team="b", activity="experimentation")
    gpu_hours("G0", range(7))
    gpu_hours("G0", range(5), pod="rank-1", held=1)
    node("80", "i-a", "p4d.24xlarge", "1", TUESDAY)
    gpu_hours("G1", range(24), node="node-b", day=SATURDAY)
    gpu_hours("G1", range(6, 24), pod="note-1", held=18, node="node-b", day=SATURDAY)
    gpu_hours("G1", [*range(10), *range(12, 24)], node="node-b", day=SUNDAY)
    for day in (SATURDAY, SUNDAY):
        node("24", "i-b", "g5.xlarge", "24", day)
    attribute()


def cells(rows: list[dict]) -> dict:
    return {(row["weekday"], row["hour"]): row["idle_cost"] for row in rows}


def test_it_places_idle_money_on_weekday_and_hour(built):
    """By hand: 10.00 a GPU-hour on Tuesday, 1.00 at the weekend. Rows of the heatmap sum to the
    idle money of report gpu, for the fleet, a node and a team."""
    rows = ask("gpu_idle_hours")
    assert cells(rows) == {
        **{(2, hour): 10 for hour in (0, 5, 6)},
        **{(6, hour): 1 for hour in range(24)},
        **{(7, hour): 1 for hour in range(24) if hour not in (10, 11)},
    }
    held = [row["hour"] for row in rows if row["held_idle_cost"]]
    assert held == [0, *range(6, 24)]
    for more in ({}, {"filters": {"resource": ("i-b",)}}, {"filters": {"workload": ("ranker",)}},
                 {"filters": {"workload": ("",)}}, {"teams": ("b",)}):  # fmt: skip
        found = sum((row["idle_cost"] for row in ask("gpu_idle_hours", **more)), D(0))
        (whole,) = ask("gpu", **more)
        states = ("held_idle_cost", "empty_idle_cost", "unreserved_cost")
        assert found == sum(whole[name] for name in states), more
    assert ask("gpu_idle_hours", filters={"team": ("nobody",)}) == []


def test_it_splits_to_the_last_digit_and_tells_no_hour_it_does_not_know():
    """Three pods share a GPU by thirds of 10.01: hours sum to the row whatever it takes. Days that
    were attributed before hours were kept have their money on no hour."""
    node_map("node-a", "i-a")
    gpu_hours("G0", range(7))
    for pod in ("x", "y", "z"):
        gpu_hours("G0", range(7), pod=pod, held=5, fraction="0.333333")
    node("10.01", "i-a", "g5.xlarge", "7", TUESDAY)
    attribute()
    (whole,) = ask("gpu")
    rows = ask("gpu_idle_hours")
    idle = whole["held_idle_cost"] + whole["unreserved_cost"]
    assert sum(row["idle_cost"] for row in rows) == idle > 0
    one = ask("gpu_idle_hours", filters={"resource": ("i-a",)})
    assert sum(row["idle_cost"] for row in one) == idle
    GpuDay.objects.update(hours_ms=None)
    GpuHour.objects.update(hour=None)
    (one,) = ask("gpu_idle_hours", filters={"resource": ("i-a",)})
    assert (one["weekday"], one["hour"], one["idle_cost"]) == (2, None, idle)


def test_it_finds_the_dearest_stretches_and_ends_them_at_a_gap(built):
    """The weekend of i-b is 34 hours over midnight, then 12 after a gap. No activity in an hour
    makes the stretch, so hours 5 and 6 of i-a are the third."""

    def at(day, hour):
        return datetime(2026, 9, day, hour, tzinfo=UTC)

    names = ("node", "started_at", "ended_at", "idle_for_hours", "idle_cost", "held_by")
    assert [tuple(row[name] for name in names) for row in ask("gpu_idle_runs")] == [
        ("node-b", at(5, 0), at(6, 10), 34, 34, "notebook"),
        ("node-a", at(1, 5), at(1, 7), 2, 20, ""),
        ("node-b", at(6, 12), at(7, 0), 12, 12, ""),
    ]


def test_it_says_what_a_machine_off_would_not_have_cost(built):
    """Saturday was seen whole and never active: 24.00. Sunday has a gap, so nobody can say."""
    rows = {row["node"]: row for row in ask("gpu_idle_days")}
    names = ("days", "weekend_days", "idle_days", "idle_weekend_days", "cost", "idle_days_cost")
    assert [rows["node-b"][name] for name in names] == [2, 2, 1, 1, 48, 24]
    assert [rows["node-a"][name] for name in names] == [1, 0, 0, 0, 80, 0]
    for name in ("gpu_idle_runs", "gpu_idle_days"):
        with pytest.raises(NotAllowed):
            ask(name, teams=("a",))


def test_it_says_when_a_node_was_last_seen(built):
    rows = {row["node"]: row for row in ask("gpu", group_by=("node", "cluster"))}
    assert (rows["node-b"]["last_seen"], rows["node-a"]["cluster"]) == (SUNDAY, "")
