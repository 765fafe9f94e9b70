"""Reports read sums of days and months; whatever they read, they answer as the days do."""

from datetime import date, timedelta
from itertools import product

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.models import AllocatedCharge, CostSum, DayState
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import ChangedDay
from tests.attribution.ledger import charge, source

MAY, JUNE, JULY, AUGUST = (date(2026, month, 1) for month in (5, 6, 7, 8))
GROUPS = ((), ("team",), ("service",), ("team", "service"), ("kind",), ("evidence", "account"))
PERIODS = (
    Period(MAY, AUGUST),
    Period(date(2026, 5, 20), date(2026, 7, 9)),
    Period(date(2026, 6, 2), date(2026, 6, 30)),
    Period(JUNE, JULY),
)


@pytest.fixture
def quarter(db):
    """Three months: two teams, two services, tax, and support billed for June as a whole."""
    for nth, day in enumerate(Period(MAY, AUGUST).days()):
        if nth % 4 not in (0, 1) and day.day not in (1, 30):
            continue
        team = ("search", "answers")[nth % 2]
        charge(f"{nth}.25", day=day, tags={"team": team}, service_name=("vm", "disk")[nth % 3 % 2])
        charge("0.5", day=day, service_name="vm")
        if day.day % 10 == 1:
            charge("0.125", day=day, charge_category="Tax", of=source("azure"))
    charge("60", day=JUNE, long_until=JULY, service_name="AWS Support", sub_account_id="7")
    attribute()


def answer(period: Period, groups=(), granularity="total", pools="shown", asker=None) -> list[dict]:
    asked = Spec("cost", period, asker or Asker("admin"), granularity, groups)
    spread = {"idle": pools, "shared": pools}
    return run(Spec(**{**vars(asked), **spread})).rows


def added(rows: list[dict], *names: str) -> dict:
    found = {}
    for row in rows:
        key = tuple(row[name] for name in (*names, "line", "currency"))
        found[key] = found.get(key, 0) + row["cost"]
    return {key: cost for key, cost in found.items() if cost}


@pytest.mark.parametrize("pools", ["shown", "spread"])
def test_it_answers_of_months_what_its_days_add_up_to(quarter, pools):
    for period, groups in product(PERIODS, GROUPS):
        whole = answer(period, groups, pools=pools)
        days = answer(period, groups, "day", pools)
        assert added(whole, *groups) == added(days, *groups), (period, groups)
    whole = answer(PERIODS[0], ("team",), "month", pools)
    assert {row["period"] for row in whole} == {MAY, JUNE, JULY}


def test_it_reads_months_as_a_whole_and_days_at_the_edges(quarter):
    """The days of a month that is summed may vanish unseen, those at the edges may not."""
    period = Period(date(2026, 5, 30), date(2026, 7, 3))
    before = answer(period, ("team",))
    CostSum.objects.filter(grain="target", day__gte=JUNE, day__lt=JULY).delete()
    assert answer(period, ("team",)) == before
    CostSum.objects.filter(grain="target", day__lt=JUNE).delete()
    assert answer(period, ("team",)) != before


def test_it_reads_days_while_a_month_is_not_summed_anew(quarter):
    """A day published since makes its month stale, never half new."""
    charge("1000", day=date(2026, 6, 9), tags={"team": "search"})
    before = answer(Period(MAY, AUGUST))
    assert len(before) == 1
    attribute()
    DayState.objects.filter(day=date(2026, 6, 9)).update(spread_version=0)
    of_aws = CostSum.objects.filter(grain__endswith="_month", source=source())
    of_aws.filter(day=JUNE).delete()
    (after,) = answer(Period(MAY, AUGUST))
    assert after["cost"] - before[0]["cost"] == 1000


def test_it_sums_what_stands_when_a_day_is_rebuilt(quarter):
    """Rebuilding adds nothing twice, in any grain."""
    columns = ("grain", "day", "kind", "service_name", "target_id", "effective_cost")
    before = sorted(map(str, CostSum.objects.values_list(*columns)))
    for day in (JUNE, JUNE + timedelta(days=1), JULY):
        ChangedDay.objects.create(source=source(), day=day, what="charges")
    attribute()
    assert sorted(map(str, CostSum.objects.values_list(*columns))) == before
    total = sum(AllocatedCharge.objects.values_list("effective_cost", flat=True))
    (row,) = answer(Period(MAY, AUGUST))
    assert row["cost"] == total


def test_it_shows_a_team_its_own_months_only(quarter):
    asker = Asker("engineer", ("search",))
    rows = answer(Period(MAY, AUGUST), ("service",), asker=asker)
    days = answer(Period(MAY, AUGUST), ("service",), "day", asker=asker)
    assert added(rows, "service") == added(days, "service")
    everything = answer(Period(MAY, AUGUST), ("team",))
    assert sum(r["cost"] for r in rows) == sum(
        r["cost"] for r in everything if r["team"] == "search"
    )
