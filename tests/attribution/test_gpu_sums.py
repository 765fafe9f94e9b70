"""GPU time of long periods is read from sums of weeks and months, and answers as its days do."""

from datetime import date
from itertools import product

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.models import DayState, GpuDay, GpuSum
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import ChangedDay, ResourceMap
from tests.attribution.ledger import charge, gpu_hours, source, workload_map

MAY, JUNE, JULY, AUGUST = (date(2026, month, 1) for month in (5, 6, 7, 8))
GROUPS = ((), ("team",), ("node",), ("node", "workload"), ("resource", "instance_type"))
PERIODS = (
    Period(MAY, AUGUST),
    Period(date(2026, 5, 20), date(2026, 7, 9)),
    Period(date(2026, 6, 2), date(2026, 6, 30)),
)
SUMMED = ("gpu_hours", "active_hours", "cost", "active_cost", "held_idle_cost", "unobserved_cost")
MOVED = date(2026, 6, 17)


@pytest.fixture
def fleet(db):
    """Two nodes over three months, some days of them silent; node-a is called node-x from the 17th
    of June on."""
    for node, since, until in (("node-a", None, MOVED), ("node-x", MOVED, None)):
        ResourceMap.objects.create(node=node, resource_id="i-a", valid_from=since, valid_to=until)
    ResourceMap.objects.create(node="node-b", resource_id="i-b")
    workload_map("rank-*", workload="ranker", team="a", activity="inference")
    for nth, day in enumerate(Period(MAY, AUGUST).days()):
        if nth % 3 and day.day not in (1, 16, 17, 30):
            continue
        node = "node-a" if day < MOVED else "node-x"
        gpu_hours("G0", range(4), node=node, day=day)
        gpu_hours("G0", range(nth % 5), node=node, pod="rank-1", held=nth % 2, day=day)
        for resource, cost in (("i-a", f"{nth}.25"), ("i-b", "3")):
            charge(cost, consumed="1", resource_id=resource, instance_type="p4d.24xlarge", day=day,
                   service_category="Compute", service_name="vm", consumed_unit="Hrs")  # fmt: skip
    attribute()


def ask(period: Period, groups=(), granularity="total") -> list[dict]:
    return run(Spec("gpu", period, Asker("admin"), granularity, groups)).rows


def added(rows: list[dict], *names: str) -> dict:
    found: dict = {}
    for row in rows:
        into = found.setdefault(tuple(row[name] for name in names), dict.fromkeys(SUMMED, 0))
        for name in SUMMED:
            into[name] += row[name]
    return found


def last_seen(rows: list[dict]) -> date | None:
    return max((row["last_seen"] for row in rows if row["last_seen"]), default=None)


def test_it_answers_of_months_and_weeks_what_its_days_add_up_to(fleet):
    for period, groups in product(PERIODS, GROUPS):
        days = ask(period, groups, "day")
        for step in ("total", "week", "month"):
            rows = ask(period, groups, step)
            assert added(rows, *groups) == added(days, *groups), (period, groups, step)
            assert last_seen(rows) == last_seen(days), (period, groups, step)


def test_it_reads_days_where_a_map_changes_and_sums_elsewhere(fleet):
    """Without the rows of the days, only June (its map changes on the 17th) lacks its nodes."""
    whole = ask(Period(MAY, AUGUST), ("node",), "month")
    GpuDay.objects.all().delete()
    by_month = {
        month: [row for row in whole if row["period"] == month] for month in (MAY, JUNE, JULY)
    }
    left = ask(Period(MAY, AUGUST), ("node",), "month")
    assert [row for row in left if row["period"] == MAY] == by_month[MAY]
    assert [row for row in left if row["period"] == JULY] == by_month[JULY]
    weeks_left = added([row for row in left if row["period"] == JUNE])
    assert weeks_left[()]["cost"] < added(by_month[JUNE])[()]["cost"]
    assert added(ask(Period(JUNE, JULY)))[()] == added(by_month[JUNE])[()]


def test_it_sums_anew_what_was_published_since(fleet):
    """A day that comes again is read by day until its month is summed with it."""
    before = added(ask(Period(JUNE, JULY)))[()]["cost"]
    charge("10", consumed="1", resource_id="i-b", instance_type="p4d.24xlarge", day=JUNE,
           service_category="Compute", service_name="vm-again", consumed_unit="Hrs")  # fmt: skip
    ChangedDay.objects.create(source=source(), day=JUNE, what="charges")
    attribute()
    assert added(ask(Period(JUNE, JULY)))[()]["cost"] == before + 10
    [month] = {row.day for row in GpuSum.objects.filter(grain="month", day=JUNE)}
    assert month == JUNE
    DayState.objects.filter(day=JUNE).update(spread_version=0)
    GpuSum.objects.filter(grain="month", day=JUNE).delete()
    assert added(ask(Period(JUNE, JULY)))[()]["cost"] == before + 10
