"""What is said of names and its history; rename, merge, separate; the file and the command."""

from datetime import date
from decimal import Decimal

from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
import pytest

from attribution.allocate import attribute
from attribution.entities.changes import By, EntityRefused
from attribution.entities.files import export_targets, import_targets
from attribution.entities.naming import merge, raws_of, rename, separate, spans_of
from attribution.entities.preview import preview_merge
from attribution.entities.registry import save_details, set_budget, set_parent
from attribution.models import Entity, EntityBudget, EntityChange, EntityParent
from attribution.tablefile import BadTable
from ingest.models import Alias
from tests.attribution.days import BY, FINANCE, MID, SEPTEMBER, ask, build_twenty_days, table
from tests.attribution.ledger import charge

pytestmark = pytest.mark.django_db

D = Decimal


@pytest.fixture
def twenty_days():
    build_twenty_days()


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
    with pytest.raises(EntityRefused, match="without a name"):
        preview_merge("feature", ("search",), " ", SEPTEMBER, FINANCE, MID)
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
    with pytest.raises(BadTable) as refused:
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
    with pytest.raises(BadTable, match="line 1: columns colour are not known"):
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


def test_a_name_renamed_again_and_again_costs_the_same_each_time():
    """All names it ever had follow at once: forty take no more questions than five."""
    asked = []
    for n in range(40):
        with CaptureQueriesContext(connection) as queries:
            assert rename("feature", f"v{n}", f"v{n + 1}", By(reason="again"))
        asked.append(len(queries))
    assert asked[39] <= asked[5] + 2
    assert {row.canonical for row in Alias.objects.all()} == {"v40"}
    assert raws_of("feature", "v40") == sorted(f"v{n}" for n in range(40))
