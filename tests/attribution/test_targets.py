"""Names, owners and what stands above them: dated at reading, and every grouping is the bill."""

from datetime import date, timedelta
from decimal import Decimal
import os

from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from aicost.kernel.periods import Period
from aicost.kernel.targets import LEVELS, PARENTS
from attribution.allocate import attribute
from attribution.entities.changes import By, EntityRefused
from attribution.entities.files import BadTargets, export_targets, import_targets
from attribution.entities.hierarchy import above, parents_of
from attribution.entities.naming import merge, rename, separate, spans_of
from attribution.entities.preview import preview_merge
from attribution.entities.registry import save_details, set_budget, set_parent
from attribution.models import Entity, EntityAbove, EntityBudget, EntityChange, EntityParent
from attribution.reports import run
from attribution.reports.explain import explain
from attribution.reports.spec import Asker, Spec
from ingest.models import Alias
from tests.attribution import world
from tests.attribution.ledger import charge

pytestmark = pytest.mark.django_db

D = Decimal
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
FINANCE = Asker("finance")
BY = By(reason="test")
MID = date(2026, 9, 11)
CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "25"))


def ask(*group_by: str, period: Period = SEPTEMBER, asker: Asker = FINANCE, **more):
    return run(Spec("cost", period, asker, group_by=group_by, **more))


def table(answer, *names):
    return [tuple(row[name] for name in names) for row in answer.rows]


@pytest.fixture
def twenty_days():
    """10 a day of feature search (team a) on 1–20 September, and 1 a day of nobody."""
    for n in range(20):
        day = date(2026, 9, 1) + timedelta(days=n)
        charge("10", day=day, tags={"team": "a", "feature": "search"}, service_name="Bucket")
        charge("1", day=day, service_name="Gadgets")
    attribute()


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


def test_what_is_already_so_is_no_change_and_what_changes_is_kept():
    save_details("feature", "search", {"owner": "Mara Lindt", "title": "Search"}, BY)
    save_details("feature", "search", {"owner": "Mara Lindt"}, By(reason="again"))
    save_details("feature", "search", {"owner": "Ivo Brandt"}, By(reason="Mara moved on"))
    assert set_budget("feature", "search", D(900), "USD", "month", BY) is True
    assert set_budget("feature", "search", D("900.00"), "USD", "month", BY) is False
    assert set_parent("feature", "search", "product", "Shop", BY) is True
    assert set_parent("feature", "search", "product", "Shop", BY, (MID, None)) is False
    history = list(EntityChange.objects.order_by("id").values_list("what", "reason"))
    assert history == [
        ("details", "test"),
        ("details", "Mara moved on"),
        ("budget", "test"),
        ("parent", "test"),
    ]
    moved = EntityChange.objects.get(reason="Mara moved on")
    assert (moved.before, moved.after) == ({"owner": "Mara Lindt"}, {"owner": "Ivo Brandt"})
    assert Entity.objects.get(name="search").owner == "Ivo Brandt"


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


def cost_by_day(dimension: str) -> dict[str, tuple[Decimal, Decimal]]:
    """name -> (cost before the 11th, cost from it on)."""
    found: dict[str, list[Decimal]] = {}
    for row in ask(dimension, granularity="day").rows:
        if row[dimension]:
            found.setdefault(row[dimension], [D(0), D(0)])[row["period"] >= MID] += row["cost"]
    return {name: tuple(parts) for name, parts in found.items()}


def test_a_rename_from_a_day_on_keeps_the_days_before_and_all_that_was_said(twenty_days):
    save_details("feature", "search", {"owner": "Mara Lindt"}, BY)
    set_parent("feature", "search", "product", "Shop", BY)
    set_budget("feature", "search", D(300), "USD", "month", BY)
    rows = preview_merge("feature", ("search",), "finder", SEPTEMBER, FINANCE, MID)
    assert [(row.name, row.cost, row.cost_then) for row in rows] == [
        ("search", D(200), D(100)),
        ("finder", D(0), D(100)),
    ]
    assert rename("feature", "search", "finder", By(reason="new brand"), (MID, None))
    attribute()
    assert cost_by_day("feature") == {"search": (D(100), D(0)), "finder": (D(0), D(100))}
    assert table(ask("product"), "product", "cost")[0] == ("Shop", D(200))
    assert ask().residual == 0
    finder, search = Entity.objects.get(name="finder"), Entity.objects.get(name="search")
    assert (finder.owner, finder.status) == ("Mara Lindt", "active")
    assert (search.status, search.retired_on) == ("retired", MID)
    budgets = EntityBudget.objects.order_by("valid_from").values_list("name", "valid_to")
    assert list(budgets) == [("finder", None), ("search", MID)] or list(budgets) == [
        ("search", MID),
        ("finder", None),
    ]
    told = EntityChange.objects.filter(name="finder", what="alias").get()
    assert told.after == {"search": [{"from": "2026-09-11", "to": None, "is": "finder"}]}
    assert told.reason == "new brand"
    assert rename("feature", "search", "finder", BY, (MID, None)) is False


def test_names_renamed_twice_and_back_end_at_the_last_name(twenty_days):
    later = date(2026, 9, 16)
    rename("feature", "search", "finder", BY)
    rename("feature", "finder", "seeker", BY, (later, None))
    assert [(s.start, s.end, s.value) for s in spans_of("feature", "search")] == [
        (None, later, "finder"),
        (later, None, "seeker"),
    ]
    attribute()
    assert cost_by_day("feature") == {"finder": (D(100), D(50)), "seeker": (D(0), D(50))}
    rename("feature", "finder", "search", BY, (None, later))
    rename("feature", "seeker", "search", BY)
    assert spans_of("feature", "search") == []
    attribute()
    assert cost_by_day("feature") == {"search": (D(100), D(100))}


def test_merged_names_are_one_and_can_be_separated_again():
    for name, cost in (("search", "10"), ("Search", "5"), ("srch", "1")):
        charge(cost, day=MID, tags={"feature": name}, service_name="Bucket")
    attribute()
    with pytest.raises(EntityRefused, match="is its name already"):
        merge("feature", ["srch", "search"], "search", BY)
    assert spans_of("feature", "srch") == []
    assert merge("feature", ["srch", "Search"], "search", By(reason="one thing")) == [
        "srch",
        "Search",
    ]
    attribute()
    assert cost_by_day("feature") == {"search": (D(0), D(16))}
    with pytest.raises(EntityRefused, match="srch is itself another name of search"):
        rename("feature", "srch", "other", BY)
    with pytest.raises(EntityRefused, match="Take search as the name"):
        try:
            rename("feature", "x", "srch", BY)
        except EntityRefused as error:
            raise EntityRefused(error.cure, "") from error
    separate("feature", "srch", By(reason="it is not"))
    attribute()
    assert cost_by_day("feature") == {"search": (D(0), D(15)), "srch": (D(0), D(1))}
    history = EntityChange.objects.filter(dimension="feature", name="srch").order_by("id")
    assert [one.reason for one in history] == ["one thing", "it is not"]


def test_a_product_is_renamed_where_it_stands_above(twenty_days):
    set_parent("feature", "search", "product", "Shop", BY)
    save_details("product", "Shop", {"owner": "Dana Ruiz"}, BY)
    rename("product", "Shop", "Store", By(reason="brand"), (MID, None))
    assert table(ask("product"), "product", "cost")[:2] == [("Shop", D(100)), ("Store", D(100))]
    assert Entity.objects.get(name="Store").owner == "Dana Ruiz"


FILE = """\
dimension,name,title,owner,status,parent_dimension,parent,budget,budget_currency,valid_from,\
valid_to,alias_of,attributes,expected_value,expected_currency
feature,search,Search,Mara Lindt,,product,Shop,250,USD,,2026-09-11,,,12000.5,USD
feature,search,,,,product,Discovery,300.50,USD,2026-09-11,,,,,
feature,finder,,,,,,,,,,search,,,
model,rank-v1,,,retired,model,rank,,,,,,parameters=7B; quantisation=fp8,,
model,rank,,,,model_family,Rankers,,,,,,,,
"""


def test_the_file_reads_what_it_writes_and_says_what_is_wrong(twenty_days):
    first = import_targets(FILE, By(reason="targets.csv"))
    assert (first.rows, first.changes > 0) == (5, True)
    assert import_targets(FILE, BY).changes == 0
    written = export_targets()
    assert import_targets(written, BY).changes == 0
    model = Entity.objects.get(dimension="model", name="rank-v1")
    assert model.attributes == {"parameters": "7000000000", "quantisation": "fp8"}
    assert table(ask("product"), "product", "cost")[:2] == [
        ("Discovery", D(100)),
        ("Shop", D(100)),
    ]
    assert spans_of("feature", "finder")[0].value == "search"
    Entity.objects.all().delete(), EntityParent.objects.all().delete()
    EntityBudget.objects.all().delete(), Alias.objects.all().delete()
    import_targets(written, BY)
    assert export_targets() == written
    kept = Entity.objects.count(), EntityChange.objects.count()
    with pytest.raises(BadTargets) as refused:
        import_targets(
            "dimension,name,owner,parent_dimension,parent,valid_from,budget,budget_currency\n"
            "feature,new one,Ivo,,,,,\n"
            "feature,search,,department,Growth,,,\n"
            "feature,search,,product,Shop,soon,,\n"
            "gadget,x,,,,,,\n"
            "feature,search,,,,,12,dollars\n"
            "feature,search,,,,,lots,USD\n",
            BY,
        )
    told = [str(problem) for problem in refused.value.problems]
    assert told == [
        "line 3: a feature stands below no department. It can: product",
        "line 4: 'soon' is no date. Write YYYY-MM-DD",
        "line 5: 'gadget' is no kind of name. Take one of workload, model, feature, experiment, "
        "team, environment, model_family, product, department, cost_centre, project",
        "line 6: 'dollars' is no currency code. Write three capital letters, such as USD",
        "line 7: 'lots' is not a decimal number. Correct the cell or leave it empty",
    ]
    assert (Entity.objects.count(), EntityChange.objects.count()) == kept
    with pytest.raises(BadTargets, match="line 1: columns colour are not known"):
        import_targets("dimension,name,colour\nfeature,x,red\n", BY)


def test_the_command_does_the_same(twenty_days, tmp_path, capsys):
    path = tmp_path / "targets.csv"
    path.write_text(FILE, encoding="utf-8")
    call_command("targets", "import", str(path))
    call_command("targets", "set", "feature", "search", "--owner", "Ivo", "--reason", "moved")
    call_command("targets", "rename", "feature", "search", "seeker", "--from", "2026-09-11")
    assert cost_by_day("feature") == {"search": (D(100), D(0)), "seeker": (D(0), D(100))}
    capsys.readouterr()
    call_command("targets", "show", "feature", "seeker")
    shown = capsys.readouterr().out
    assert "owner: Ivo" in shown and "is also called search" in shown
    with pytest.raises(CommandError, match="is itself another name of seeker"):
        call_command("targets", "rename", "feature", "search", "other")
