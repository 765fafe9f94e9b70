"""What of the bills is not in yet is told apart, so that an unfinished week is no cheaper one."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.drivers import EFFECTS, Side
from attribution.estimates import estimate
from attribution.reports import run
from attribution.reports.bridge import _decomposed
from attribution.reports.bridge_late import LATE, add_missing
from attribution.reports.spec import Asker, Spec
from tests.attribution import ledger
from tests.attribution.test_estimates import MILLION, TODAY, bill, call, calls

D = Decimal
FINANCE = Asker("finance")
DAYS = [TODAY - timedelta(days=n) for n in range(6, 0, -1)]
BEFORE, NOW = Period(DAYS[0], DAYS[3]), Period(DAYS[3], TODAY)


def moved(row: dict) -> dict:
    return {name: row[f"{name}_effect"] for name in EFFECTS if row[f"{name}_effect"]}


def bridge(period: Period = NOW, against: Period = BEFORE, **more) -> dict[str, dict]:
    more.setdefault("group_by", ("activity",))
    return {row["activity"]: row for row in run(Spec("bridge", period, FINANCE, against=against,
                                                     **more)).rows}  # fmt: skip


@pytest.mark.django_db
def test_what_is_not_billed_yet_is_neither_fewer_calls_nor_cheaper_ones(tmp_path, home):
    """A million tokens (1.25) and storage of 10.00 a day, the same for six days. Of the last but
    one 0.50 of the tokens are billed, of the last nothing; storage has not come for the last."""
    aws = ledger.source("aws")
    calls(tmp_path, [call(day, input_tokens=MILLION) for day in DAYS])
    for day in DAYS[:5]:
        bill(day, "input", "1" if day < DAYS[4] else "0.4", "1.25" if day < DAYS[4] else "0.50")
        ledger.charge("10", of=aws, day=day, tags={"feature": "search"}, service_name="Bucket",
                      service_category="Storage")  # fmt: skip
    attribute()
    estimate()
    found = bridge()
    calls_, rest = found["inference"], next(row for name, row in found.items()
                                            if name != "inference")  # fmt: skip
    assert (calls_["previous"], calls_["cost"]) == (D("3.75"), D("1.75"))
    assert moved(calls_) == {"late": D(-2)}
    assert (rest["previous"], rest["cost"]) == (30, 20)
    assert moved(rest) == {"late": D(-10)}
    back = bridge(BEFORE, NOW)
    assert sorted(moved(row)["late"] for row in back.values()) == [D(2), D(10)]
    whole = Period(TODAY - timedelta(days=21), TODAY + timedelta(days=7))
    chain = run(Spec("bridge", whole, FINANCE, granularity="week")).rows
    assert [sum(moved(row).values(), D(0)) for row in chain] == [row["delta"] for row in chain]
    # once it is in, nothing is late
    bill(DAYS[4], "input", "0.6", "0.75", region_id="eu")
    bill(DAYS[5], "input", "1", "1.25")
    ledger.charge("10", of=aws, day=DAYS[5], tags={"feature": "search"}, service_name="Bucket",
                  service_category="Storage")  # fmt: skip
    attribute()
    estimate()
    assert all(moved(row) == {} for row in bridge().values())


MONEY = st.decimals("-1000000", "1000000", places=18)
KEYS = [("search", model, "", "inference", kind, "USD", "")
        for model in "ab" for kind in ("workload", "idle")]  # fmt: skip
SIDES = st.dictionaries(st.sampled_from(KEYS), st.builds(Side, MONEY, st.integers(1, 10**9)))
LATE_MONEY = st.lists(st.tuples(st.sampled_from(KEYS), MONEY), max_size=6)


@given(SIDES, SIDES, LATE_MONEY, LATE_MONEY, st.tuples(st.integers(1, 99), st.integers(1, 99)))
def test_late_money_moves_no_cost_and_reads_the_same_backwards(old, new, late0, late1, days):
    cost = [sum((side.cost for side in one.values()), D(0)) for one in (old, new)]
    for sides, late in ((old, late0), (new, late1)):
        for key, amount in late:
            add_missing(sides, key, amount)
    spans = [Period(TODAY, TODAY + timedelta(days=n)) for n in days]
    ahead, behind = _decomposed(old, new, *spans), _decomposed(new, old, *spans[::-1])
    assert sum((one.before.cost for one in ahead), D(0)) == cost[0]
    assert sum((one.after.cost for one in ahead), D(0)) == cost[1]
    assert sum((sum(one.effects.values()) for one in ahead), D(0)) == cost[1] - cost[0]
    late = sum((m for _, m in late0), D(0)) - sum((m for _, m in late1), D(0))
    for found, sign in ((ahead, 1), (behind, -1)):
        assert sum((one.effects[LATE] for one in found), D(0)) == sign * late
