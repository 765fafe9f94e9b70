"""Why cost moved: effects that add up to the change, to the last digit, under every grouping."""

from datetime import date
from decimal import Decimal
import io
import itertools
import json

from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
import pytest

from aicost.kernel.periods import Period
from attribution.drivers import EFFECTS, Leaf, Side, effects
from attribution.models import EntityAbove
from attribution.reports import REPORTS, compare, run
from attribution.reports.base import check
from attribution.reports.bridge import whole_steps
from attribution.reports.spec import Asker, BadSpec, Spec
from tests.attribution.bridge_world import AUGUST, SEPTEMBER, build, build_months

D = Decimal
FINANCE = Asker("finance")
LONG_SEPTEMBER = Period(SEPTEMBER.start, date(2026, 10, 2))


def told(parts: dict) -> dict:
    return {name: amount for name, amount in parts.items() if amount}


def test_it_splits_a_change_into_volume_mix_and_price_as_worked_by_hand():
    """Small: 60 calls at 1.00, then 40 at 1.00. Big: 40 calls at 5.00, then 120 at 4.00.

    Q 100 → 160, shares .6/.4 → .25/.75, group price 2.60 → 3.25, mean 2.925, mean quantity 130.
    """
    small = Leaf("search", Side(D(60), 60), Side(D(40), 40))
    big = Leaf("search", Side(D(200), 40), Side(D(480), 120))
    first, second = effects([small, big])
    # volume 60·.425·1 − .35·130·2.925; mix −.35·130·(1 − 2.925)
    assert told(first) == {"volume": D("-107.5875"), "mix": D("87.5875")}
    # volume 60·.575·4.5 + .35·130·2.925; mix .35·130·(4.5 − 2.925); price (4 − 5)·80
    assert told(second) == {"volume": D("288.3375"), "mix": D("71.6625"), "price": D("-80")}


def test_it_tells_longer_calls_from_a_dearer_token():
    """100 calls of 10 tokens at 0.10 a token, then 100 of 30 tokens at 0.05."""
    leaf = Leaf("help", Side(D(100), 100, 1000), Side(D(150), 100, 3000))
    # size (30 − 10)·.075·100; price (.05 − .10)·20·100
    assert told(effects([leaf])[0]) == {"size": D(150), "price": D(-100)}


def test_it_takes_out_first_what_a_longer_month_costs():
    """10 calls a day at 1.00 for 30 days, then 12 a day for 31: the day more costs 11.00, the
    mean of both paces; idle capacity of 2.00 a day costs 2.00 more; a month's fee knows no days."""
    calls = Leaf("search", Side(D(300), 300), Side(D(372), 372))
    idle = Leaf("", Side(D(60)), Side(D(62)), "idle")
    fee = Leaf("", Side(D(9)), Side(D(9)), "unmetered")
    found = [told(one) for one in effects([calls, idle, fee], (30, 31))]
    assert found == [{"days": D(11), "volume": D(61)}, {"days": D(2)}, {}]


@pytest.mark.parametrize(
    ("before", "after", "whole", "effect"),
    [
        (Side(), Side(D(5), 10), "", "new"),
        (Side(D(5), 10), Side(), "", "gone"),
        (Side(D(5), 10), Side(D(9)), "", "unmetered"),
        (Side(D(5), 0), Side(D(9), 0), "", "unmetered"),
        (Side(), Side(D(5)), "idle", "idle"),
    ],
)
def test_it_gives_one_name_to_what_has_no_price_to_compare(before, after, whole, effect):
    change = after.cost - before.cost
    assert told(effects([Leaf("g", before, after, whole)])[0]) == {effect: change}


MONEY = st.decimals("-1000000", "1000000", places=18)
QUANTITY = st.none() | st.integers(0, 10**15)
SIDES = st.builds(Side, MONEY | st.just(D(0)), QUANTITY, QUANTITY)
LEAVES = st.lists(
    st.builds(Leaf, st.sampled_from("abc"), SIDES, SIDES, st.sampled_from(["", "", "idle"])),
    max_size=12,
)


DAYS = st.tuples(st.integers(1, 400), st.integers(1, 400))


@given(LEAVES, DAYS)
def test_it_loses_nothing_whatever_the_ledger_holds(leaves, days):
    for leaf, parts in zip(leaves, effects(leaves, days), strict=True):
        assert set(parts) == set(EFFECTS)
        assert sum(parts.values(), D(0)) == leaf.after.cost - leaf.before.cost


@given(LEAVES, DAYS)
def test_it_tells_the_same_story_backwards(leaves, days):
    """No order of the factors: what grew going forward shrinks going back."""
    back = [Leaf(x.group, x.after, x.before, x.whole) for x in leaves]
    swapped = {"new": "gone", "gone": "new"}
    for ahead, behind in zip(effects(leaves, days), effects(back, days[::-1]), strict=True):
        for name in EFFECTS:
            both = ahead[name] + behind[swapped.get(name, name)]
            assert abs(both) <= D("3e-18")


@pytest.fixture
def world(db):
    build()


def bridge(period=SEPTEMBER, **more):
    return run(Spec("bridge", period, FINANCE, **more))


def moved(row: dict) -> dict:
    return {name: row[f"{name}_effect"] for name in EFFECTS if row[f"{name}_effect"]}


def test_it_explains_each_feature_and_the_lines_below(world):
    """Against as many days, so that no effect is one of the calendar."""
    asked = bridge(LONG_SEPTEMBER, against=AUGUST, group_by=("feature",)).rows
    found = {(row["feature"], row["line"]): row for row in asked}
    search = found["search", "owned"]
    assert (search["previous"], search["cost"], search["delta"]) == (D(373), D("879.5"), D("506.5"))
    # 260 of inference as worked above; 100 more GPU hours at a mean of 2.10, 0.20 dearer on 100
    assert moved(search) == {
        "volume": D("180.75") + D(210), "mix": D("159.25"), "price": D(-80) + D(20),
        "idle": D(15), "unmetered": D("1.5"),
    }  # fmt: skip
    assert (search["requests"], search["previous_requests"]) == (160, 100)
    assert (search["gpu_hours"], search["previous_gpu_hours"]) == (D(150), D(50))
    assert moved(found["help", "owned"]) == {"new": D(70)}
    assert moved(found["old", "owned"]) == {"gone": D("-33.333333333333333333")}
    assert moved(found["", "idle"]) == {"idle": D(-3)}
    assert moved(found["", "shared"]) == {"unmetered": D(2)}


@pytest.mark.django_db
def test_a_shorter_month_and_a_credit_are_told_apart_from_use_and_price():
    """September has a day less than August; 20.00 came back for calls of search in it."""
    build(credit=20)
    found = bridge(group_by=("feature",)).rows[0]
    assert (found["feature"], found["credits_effect"], found["delta"]) == (
        "search",
        -20,
        D("486.5"),
    )
    assert found["days_effect"] < 0 < found["volume_effect"]
    assert sum(moved(found).values(), D(0)) == D("486.5")
    assert found["mix_effect"] == D("159.25") and found["price_effect"] == D(-60)


OF_COST = [name for name in REPORTS["bridge"].groups if name != "begun_or_ended"]
GROUPS = [g for n in range(4) for g in itertools.combinations(OF_COST, n)]


def test_it_adds_up_under_every_grouping_and_agrees_with_cost(world):
    EntityAbove.objects.create(level="product", dimension="feature", name="search", above="Shop")
    whole = bridge().rows[0]
    for groups in GROUPS:
        rows = bridge(group_by=groups).rows
        for name in ("previous", "cost", "delta", *(f"{e}_effect" for e in EFFECTS)):
            assert sum(row[name] for row in rows) == whole[name], (groups, name)
        costs = compare(Spec("cost", SEPTEMBER, FINANCE, group_by=groups)).rows
        key = (*groups, "line")
        said = {tuple(row[n] or "" for n in key): row["delta"] for row in costs}
        assert {tuple(row[n] or "" for n in key): row["delta"] for row in rows} == said, groups
        for row in rows:
            assert sum(moved(row).values(), D(0)) == row["delta"] == row["cost"] - row["previous"]


def test_a_row_says_the_same_when_others_are_filtered_out(world):
    alone = bridge(group_by=("model",), filters={"feature": ("search",), "model": ("big",)}).rows
    among = bridge(group_by=("feature", "model")).rows
    big = next(row for row in among if row["feature"] == "search" and row["model"] == "big")
    assert [moved(row) for row in alone] == [moved(big)]


def test_it_takes_whole_steps_or_any_two_periods(world):
    """A chain of months, each against the one before; a cut month is left out."""
    cut = Period(AUGUST.start, date(2026, 10, 20))
    rows = bridge(cut, granularity="month").rows
    assert [(row["period"].month, row["against"].month) for row in rows] == [(8, 7), (9, 8)]
    assert rows[1] | {"period": 0} == bridge(SEPTEMBER, against=AUGUST).rows[0] | {"period": 0}
    back = bridge(AUGUST, against=SEPTEMBER).rows[0]
    assert back["delta"] == -rows[1]["delta"]
    weeks = whole_steps(Period(date(2026, 9, 1), date(2026, 9, 21)), "week")
    assert weeks == [Period(date(2026, 9, 7), date(2026, 9, 14)),
                     Period(date(2026, 9, 14), date(2026, 9, 21))]  # fmt: skip
    assert bridge(Period(date(2026, 9, 2), date(2026, 9, 9)), granularity="month").rows == []
    for name, more in (("cost", {}), ("bridge", {"granularity": "month"})):
        with pytest.raises(BadSpec, match="against another period"):
            check(REPORTS[name], Spec(name, SEPTEMBER, FINANCE, against=AUGUST, **more))


@pytest.mark.django_db
def test_a_chain_says_what_its_steps_say_side_by_side():
    """In one query, leaves without a quantity summed as they are read, or leaf by leaf: under every
    grouping the same rows to the last digit, half a quantum of an idle day included."""
    build_months()
    whole = Period(date(2026, 5, 1), date(2026, 10, 1))
    seen: set[str] = set()
    for groups in (*GROUPS[:60:7], ("feature", "kind", "activity", "begun_or_ended")):
        for step, basis in (("month", "effective"), ("week", "billed")):
            asked = {"granularity": step, "basis": basis, "group_by": groups}
            chain = bridge(whole, **asked).rows
            beside = bridge(whole, in_currency="USD", **asked).rows
            for one, two in zip(chain, beside, strict=True):
                assert not {k: (one[k], two[k]) for k in one if one[k] != two[k]}, (groups, step)
            seen |= {name for row in chain for name in moved(row)}
    assert seen == set(EFFECTS) - {"rules", "late"}


def test_it_names_what_is_new_and_what_is_gone(world):
    """By its experiment, else its model; all that was and is stands together."""
    rows = bridge(LONG_SEPTEMBER, against=AUGUST, group_by=("feature", "begun_or_ended")).rows
    named = {(row["feature"], row["begun_or_ended"]): moved(row) for row in rows}
    assert named["help", "test-b"] == {"new": D(70)}
    assert named["old", "api"] == {"gone": D("-33.333333333333333333")}
    assert [key for key in named if key[0] == "search"] == [("search", "")]


def test_it_answers_on_the_command_line(world, capsys):
    asked = ["report", "bridge", "--from", "2026-09-01", "--to", "2026-10-01", "--format", "json"]
    call_command(*asked, "--against", "2026-08-01:2026-09-01", "--group-by", "activity")
    said = json.load(io.StringIO(capsys.readouterr().out))
    assert said["spec"]["against"] == ["2026-08-01", "2026-09-01"]
    assert {row["activity"] for row in said["rows"]} >= {"training", "inference"}
    with pytest.raises(CommandError):
        call_command(*asked, "--against", "yesterday")
