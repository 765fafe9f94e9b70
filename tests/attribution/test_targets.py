"""Names, owners and what stands above them: dated at reading, and every grouping is the bill."""

from datetime import date, timedelta
from decimal import Decimal
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from aicost.kernel.periods import Period
from aicost.kernel.targets import LEVELS, PARENTS
from attribution.allocate import attribute
from attribution.entities.changes import EntityRefused
from attribution.entities.hierarchy import above, parents_of
from attribution.entities.registry import set_parent
from attribution.models import EntityAbove, EntityParent, Target
from attribution.reports import run
from attribution.reports.explain import explain
from attribution.reports.explain_unit import explain_unit
from attribution.reports.spec import Asker, BadSpec, Spec
from tests.attribution import world
from tests.attribution.days import BY, FINANCE, MID, SEPTEMBER, ask, build_twenty_days, table
from tests.attribution.ledger import calls, charge

pytestmark = pytest.mark.django_db

D = Decimal
CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "25"))


@pytest.fixture
def twenty_days():
    build_twenty_days()


def test_a_new_parent_from_a_day_on_moves_later_days_only(twenty_days):
    set_parent("feature", "search", "product", "Shop", BY)
    assert table(ask("product"), "product", "line", "cost") == [
        ("Shop", "owned", D(200)),
        ("", "unattributed", D(20)),
    ]
    set_parent("feature", "search", "product", "Discovery", BY, (MID, None))
    answer = ask("product", "feature")
    assert table(answer, "product", "feature", "cost") == [
        ("Discovery", "search", D(100)),
        ("Shop", "search", D(100)),
        ("", "", D(20)),
    ]
    assert answer.residual == 0
    by_day = {row["period"]: row["product"] for row in ask("product", granularity="day").rows}
    weeks = table(ask("product", granularity="week"), "period", "product", "cost")
    assert (date(2026, 9, 7), "Shop", D(40)) in weeks
    assert (date(2026, 9, 7), "Discovery", D(30)) in weeks
    assert set(by_day.values()) <= {"Shop", "Discovery", ""}
    later = Period(MID, SEPTEMBER.end)
    assert table(ask("product", period=later), "product", "cost")[0] == ("Discovery", D(100))


def test_a_filter_by_a_level_holds_on_the_day_and_why_explains_the_same_money(twenty_days):
    set_parent("feature", "search", "product", "Shop", BY, (None, MID))
    set_parent("feature", "search", "product", "Discovery", BY, (MID, None))
    shop = ask(filters={"product": ("Shop",)})
    assert table(shop, "cost") == [(D(100),)]
    nothing_above = ask("feature", filters={"product": ("",)})
    assert table(nothing_above, "feature", "cost") == [("", D(20))]
    spec = Spec("cost", SEPTEMBER, FINANCE, group_by=("product",))
    found = explain(spec, {"product": "Shop"})
    assert (found.figure, found.charges) == (D(100), 10)
    assert sum(line.part for line in found.lines) == D(100)
    assert all(weight.chosen for weight in found.chosen.weights)
    assert found.chosen.line.day < MID
    by_sku = ask("product", "resource", filters={"product": ("Shop", "Discovery")})
    assert sum(row["cost"] for row in by_sku.rows) == D(200)
    assert {row["product"] for row in by_sku.rows} == {"Shop", "Discovery"}


def test_a_version_counts_for_its_base_model_and_a_team_for_its_cost_centre():
    world.build()
    set_parent("model", "rank-v1", "model", "rank", BY)
    set_parent("model", "rank", "model_family", "Rankers", BY)
    set_parent("team", "a", "department", "Growth", BY)
    set_parent("department", "Growth", "cost_centre", "4100", BY)
    set_parent("team", "b", "cost_centre", "4200", BY)
    assert table(ask("base_model"), "base_model", "cost")[0] == ("rank", D(50))
    assert table(ask("model_family"), "model_family", "cost")[0] == ("Rankers", D(50))
    assert table(ask("department"), "department", "line", "cost")[:2] == [
        ("Growth", "owned", D(60)),
        ("", "workload", D(5)),
    ]
    assert table(ask("cost_centre"), "cost_centre", "cost")[:2] == [("4100", D(60)), ("4200", D(5))]
    only_b = ask("cost_centre", asker=Asker("engineer", ("b",)))
    assert table(only_b, "cost_centre", "cost") == [("4200", D(5))]


def test_every_grouping_by_levels_is_the_bill(twenty_days):
    for level, name in (("product", "Shop"), ("product", "Discovery")):
        set_parent("feature", "search", level, name, BY, (date(2026, 9, 5), date(2026, 9, 9)))
    set_parent("team", "a", "department", "Growth", BY, (MID, None))
    for first in LEVELS:
        for beside in ((), ("feature",), ("kind",), ("department",), ("service",)):
            groups = tuple(dict.fromkeys((first, *beside)))
            for step, pools in (("total", "shown"), ("day", "spread"), ("month", "shown")):
                answer = ask(*groups, granularity=step, idle=pools, shared=pools)
                assert sum(row["cost"] for row in answer.rows) == D(220), (groups, step)


DAYS = st.none() | st.dates(date(2026, 8, 28), date(2026, 9, 24))


@st.composite
def parents(draw):
    dimension = draw(st.sampled_from(sorted(PARENTS)))
    level = draw(st.sampled_from(PARENTS[dimension]))
    name = {"feature": "search", "team": "a"}.get(dimension, f"{dimension} one")
    parent = draw(st.sampled_from(("", f"{level} one", f"{level} two")))
    start, end = draw(DAYS), draw(DAYS)
    if start and end and start > end:
        start, end = end, start
    return dimension, name, level, parent, (start, end)


@given(said=st.lists(parents(), max_size=8), first=st.integers(1, 19), days=st.integers(1, 30))
@settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_said_of_parents_each_day_has_the_parent_said_last(
    twenty_days, said, first, days
):
    EntityParent.objects.all().delete()
    EntityAbove.objects.all().delete()
    told: dict[tuple, dict[date, str]] = {}
    period = Period(date(2026, 9, first), date(2026, 9, first) + timedelta(days=days))
    for dimension, name, level, parent, dates in said:
        if dates[0] and dates[0] == dates[1]:
            continue
        try:
            set_parent(dimension, name, level, parent, BY, dates)
        except EntityRefused:
            continue
        days_of = told.setdefault((dimension, name, level), {})
        for day in SEPTEMBER.days():
            if (not dates[0] or dates[0] <= day) and (not dates[1] or day < dates[1]):
                days_of[day] = parent
    products = told.get(("feature", "search", "product"), {})
    departments = told.get(("team", "a", "department"), {})

    def centre(day: date) -> str:
        own = told.get(("team", "a", "cost_centre"), {}).get(day, "")
        via = ("department", departments.get(day, ""), "cost_centre")
        return own or told.get(via, {}).get(day, "")

    wanted: dict[tuple, Decimal] = {}
    for day in period.days():
        if day < date(2026, 9, 21):
            key = products.get(day, ""), departments.get(day, ""), centre(day)
            wanted[key] = wanted.get(key, D(0)) + 10
    rows = ask("product", "department", "cost_centre", "feature", period=period).rows
    found = {
        (row["product"], row["department"], row["cost_centre"]): row["cost"]
        for row in rows
        if row["feature"]
    }
    assert found == wanted
    for level in LEVELS:
        total = sum(row["cost"] for row in ask(level, period=period).rows)
        assert total == sum(row["cost"] for row in ask(period=period).rows)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("feature", "search", "department", "x"), "stands below no department"),
        (("model", "m", "model", "m"), "below itself"),
        (("model", "m", "model", "mid"), "is itself a version of base"),
        (("model", "base", "model", "other"), "has a version of its own"),
        (("feature", " ", "product", "x"), "without a name"),
        (("feature", "a\x00", "product", "x"), "cannot be a name"),
    ],
)
def test_what_cannot_stand_above_is_refused_in_words(asked, told):
    set_parent("model", "mid", "model", "base", BY)
    with pytest.raises(EntityRefused, match=told) as refused:
        set_parent(*asked, BY)
    assert refused.value.cure


def test_the_family_of_a_version_follows_its_base_from_day_to_day():
    set_parent("model", "v2", "model", "rank", BY, (MID, None))
    set_parent("model", "rank", "model_family", "Old", BY, (None, date(2026, 9, 20)))
    set_parent("model", "rank", "model_family", "New", BY, (date(2026, 9, 20), None))
    set_parent("model", "v2", "model_family", "Own", BY, (date(2026, 9, 25), None))
    spans = above(parents_of(EntityParent.objects.all()), "model_family", "v2")
    assert [(s.start, s.end, s.value) for s in spans] == [
        (MID, date(2026, 9, 20), "Old"),
        (date(2026, 9, 20), date(2026, 9, 25), "New"),
        (date(2026, 9, 25), None, "Own"),
    ]


def test_unit_cost_by_a_level_has_the_calls_and_the_money_of_each_day(twenty_days):
    """rank-v1 and rank-v2 answer 100 calls a day for 5 of GPU time each, search for all of them;
    both are versions of rank until v2 stands alone from the 11th."""
    for n in range(4):
        day = date(2026, 9, 9) + timedelta(days=n)
        for model in ("rank-v1", "rank-v2"):
            tags = {"model": model, "feature": "search", "activity": "inference"}
            charge("5", day=day, tags=tags, service_name="Bucket", resource_id=model)
            calls(model, 100, day=day, feature="search", latency_histogram={"20": 100})
    attribute()
    Target.objects.filter(model__startswith="rank-v").update(activity="inference")
    set_parent("model", "rank-v1", "model", "rank", BY)
    set_parent("model", "rank-v2", "model", "rank", BY, (None, MID))
    set_parent("feature", "search", "product", "Shop", BY, (None, date(2026, 9, 10)))
    names = ("marginal_cost", "requests", "marginal_cost_per_inference")

    def unit(*group_by: str, **filters) -> dict:
        spec = Spec("unit_cost", SEPTEMBER, FINANCE, group_by=group_by, filters=filters)
        return {
            tuple(row[name] for name in group_by): tuple(row[name] for name in names)
            for row in run(spec).rows
            if row["requests"]
        }

    assert unit("base_model") == {
        ("rank",): (D(30), 600, D("0.05")),
        ("rank-v2",): (D(10), 200, D("0.05")),
    }
    assert unit("product", "model") == {
        ("Shop", "rank-v1"): (D(5), 100, D("0.05")),
        ("Shop", "rank-v2"): (D(5), 100, D("0.05")),
        ("", "rank-v1"): (D(15), 300, D("0.05")),
        ("", "rank-v2"): (D(15), 300, D("0.05")),
    }
    assert unit("model", base_model=("rank",)) == {
        ("rank-v1",): (D(20), 400, D("0.05")),
        ("rank-v2",): (D(10), 200, D("0.05")),
    }
    spec = Spec("unit_cost", SEPTEMBER, FINANCE, group_by=("product",))
    row = next(row for row in run(spec).rows if row["product"] == "Shop")
    assert row["latency_p50_ms"] is not None
    with pytest.raises(BadSpec, match="ask it by feature"):
        explain_unit(spec, {"product": "Shop"})
