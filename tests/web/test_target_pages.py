"""Names & owners: listed with their money, one page each, changed by the roles that may."""

from datetime import date
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
import pytest

from aicost.accounts.models import AuditEvent
from aicost.jobs.models import Job
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.entities.registry import save_details, set_budget, set_parent
from attribution.models import Entity, EntityBudget, EntityChange, EntityParent
from ingest.models import Alias
from tests.web.world import QUERY, SECOND

pytestmark = pytest.mark.django_db
FAILED = "This box could not be filled"
KINDS = (
    "feature", "product", "model", "model_family", "team", "department", "cost_centre",
    "experiment", "project", "workload", "environment",
)  # fmt: skip
BY = By(reason="a test")


@pytest.fixture
def said(costs):
    """search belongs to Shop and Mara; the ranker is a version of rank; answers is retired."""
    save_details("feature", "search", {"owner": "Mara Lindt", "title": "Search ranking"}, BY)
    set_parent("feature", "search", "product", "Shop", BY)
    set_parent("team", "relevance", "department", "Growth", BY)
    set_parent("model", "ranker", "model", "rank", BY)
    set_budget("feature", "search", Decimal(200), "USD", "month", BY)
    set_budget("team", "relevance", Decimal(100), "USD", "month", BY)
    retired = {"status": "retired", "retired_on": date(2026, 9, 2)}
    save_details("feature", "answers", retired, BY)
    save_details("feature", "old idea", {"owner": "Ivo Brandt"}, BY)
    remember(SECOND)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_list_and_pages_with_and_without_money(visit, said, kind):
    Entity.objects.create(dimension=kind, name="a name")
    for address in (
        f"/targets/?group={kind}&{QUERY}",
        f"/targets/?group={kind}&period=month",
        f"/targets/{kind}/a%20name/?{QUERY}",
        f"/targets/edit/{kind}/a%20name/",
    ):
        response = visit("finance", address, follow=True)
        assert response.status_code == 200, address
        assert FAILED not in response.content.decode(), address


def test_the_list_adds_up_and_says_who_owns_what(visit, said):
    page = visit("finance", f"/targets/?{QUERY}").content.decode()
    for shown in ("Mara Lindt", "Shop", "$160.00", "$75.50", "$255.00", "80%", "old idea",
                  "retired, still costs", "answers is retired and still costs $45.50",
                  "1 of them have no owner"):  # fmt: skip
        assert shown in page, shown
    found = visit("finance", f"/targets/?{QUERY}&q=shop").content.decode()
    assert "Search ranking" in found and "2 others not shown" in found
    assert "$255.00" in found
    unowned = visit("finance", f"/targets/?{QUERY}&status=unowned").content.decode()
    assert "Search ranking" not in unowned and "answers" in unowned
    teams = visit("finance", f"/targets/?group=team&{QUERY}&status=unregistered").content.decode()
    assert "support" in teams and "not registered" in teams


def test_a_page_tells_cost_owner_budget_parents_and_history(visit, said):
    page = visit("finance", f"/features/search/?{QUERY}&whole=1").content.decode()
    for shown in ("Search ranking", "$160.00", "Mara Lindt owns it", "80%", "Shop", "$200",
                  "7% of the month gone", "a test", "$20 own idle"):  # fmt: skip
        assert shown in page, shown
    assert "/targets/product/Shop/" in page
    product = visit("finance", f"/targets/product/Shop/?{QUERY}&whole=1").content.decode()
    assert "$160.00" in product and "/features/search/" in product
    base = visit("finance", f"/targets/model/rank/?{QUERY}&whole=1").content.decode()
    assert "$160.00" in base and "Versions" in base and "/targets/model/ranker/" in base
    late = visit("finance", f"/features/answers/?{QUERY}&whole=1").content.decode()
    assert "It was retired on 2 Sep 2026 and still costs $45.50." in late
    chart = visit("finance", f"/figures/target/chart.json?{QUERY}&product=Shop").json()
    assert chart["data"][0]["y"] == ["70", "90"]
    why = visit("finance", f"/why/?{QUERY}&product=Shop&line=total").content.decode()
    assert "All cost" in why


def test_explore_and_the_model_page_lead_there(visit, said):
    explore = visit("finance", f"/explore/?{QUERY}").content.decode()
    assert "/features/search/?from=2026-09-01" in explore
    by_product = visit("finance", f"/explore/?{QUERY}&group=product").content.decode()
    assert "/targets/product/Shop/" in by_product and "No product" in by_product
    assert "/targets/model/ranker/" in visit("finance", f"/models/ranker/?{QUERY}").content.decode()


def test_whoever_sees_one_team_sees_its_names_only(visit, said, client, people):
    page = visit("scoped", f"/targets/?{QUERY}").content.decode()
    assert "search" in page and "$160.00" in page
    assert "answers" not in page and "$75.50" not in page and "80%" not in page
    assert visit("scoped", f"/features/answers/?{QUERY}").status_code == 403
    assert visit("scoped", "/targets/edit/feature/answers/").status_code == 403
    mine = visit("scoped", f"/features/search/?{QUERY}&whole=1").content.decode()
    assert "$160.00" in mine and "of $200" not in mine
    team = visit("scoped", f"/teams/relevance/?{QUERY}&whole=1").content.decode()
    assert "160%" in team
    set_parent("team", "support", "department", "Growth", BY)
    growth = visit("scoped", f"/targets/department/Growth/?{QUERY}").content.decode()
    assert "$160.00" in growth and "support" not in growth
    save_details("feature", "search", {"business_case": "A secret plan"}, BY)
    forms = visit("scoped", "/targets/edit/feature/search/").content.decode()
    assert "secret plan" not in forms and "Stands below" not in forms
    client.post("/targets/edit/feature/search/", {"do": "details", "owner": "Me"})
    kept = Entity.objects.get(dimension="feature", name="search")
    assert (kept.owner, kept.business_case) == ("Me", "A secret plan")
    assert visit("scoped", "/targets.csv").status_code == 403


def edit(client, people, who: str, address: str, **given):
    client.force_login(people[who])
    return client.post(f"/targets/edit/{address}/", given)


def test_owners_are_changed_by_engineers_and_places_by_those_who_answer_for_money(
    client, people, said
):
    details = {"do": "details", "owner": "Ivo Brandt", "status": "active", "reason": "took over"}
    assert edit(client, people, "viewer", "feature/search", **details).status_code == 403
    assert edit(client, people, "engineer", "feature/search", **details).status_code == 302
    changed = EntityChange.objects.latest("id")
    assert (changed.by, changed.reason) == (people["engineer"], "took over")
    assert changed.before["owner"] == "Mara Lindt"
    moved = {"do": "parent", "level": "product", "parent": "Discovery", "from": "2026-09-02"}
    assert edit(client, people, "engineer", "feature/search", **moved).status_code == 403
    assert edit(client, people, "lone", "feature/search", **moved).status_code == 403
    assert edit(client, people, "finops", "feature/search", **moved).status_code == 302
    assert EntityParent.objects.filter(parent="Discovery", valid_from="2026-09-02").exists()
    budget = {"do": "budget", "amount": "300", "currency": "USD", "period": "quarter"}
    assert edit(client, people, "finance", "feature/search", **budget).status_code == 302
    assert EntityBudget.objects.get(name="search").amount == 300
    assert AuditEvent.objects.filter(action="target_changed", user=people["finops"]).exists()


def test_a_rename_is_previewed_then_done_and_the_days_are_attributed_anew(client, people, said):
    asked = {"way": "rename", "other": "finder", "from": "2026-09-02", "reason": "brand"}
    shown = edit(client, people, "finance", "feature/search", do="preview", **asked)
    assert shown.status_code == 200 and "What would change" in shown.content.decode()
    assert not Alias.objects.exists()
    done = edit(client, people, "finance", "feature/search", do="rename", **asked)
    assert done["Location"] == "/targets/feature/finder/"
    alias = Alias.objects.get()
    assert (alias.raw, alias.canonical, alias.valid_from) == ("search", "finder", date(2026, 9, 2))
    assert Job.objects.filter(kind="attribution.attribute").exists()
    again = edit(client, people, "finance", "feature/search", do="rename", way="rename", other="x")
    assert "is itself another name of finder" in again.content.decode()
    apart = {"do": "separate", "raw": "search", "reason": "back"}
    assert edit(client, people, "finance", "feature/finder", **apart).status_code == 302
    assert not Alias.objects.exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"do": "details", "expected_value": "lots"}, "is not a decimal number"),
        ({"do": "details", "expected_value": "5"}, "is no currency code"),
        ({"do": "details", "attribute-link": "a\x00"}, "cannot be kept"),
        ({"do": "details", "owner": "a\x00"}, "cannot be kept"),
        ({"do": "details", "status": "gone"}, "status &#x27;gone&#x27; is none"),
        ({"do": "parent", "level": "moon", "parent": "x"}, "is no kind of name"),
        ({"do": "parent", "level": "product", "parent": "x", "from": "soon"}, "is no date"),
        ({"do": "budget", "amount": "-3"}, "a budget is above 0"),
        ({"do": "rename", "way": "rename", "other": ""}, "without a name"),
        ({"do": "separate", "raw": "nobody"}, "is called by no other name"),
        ({"do": "nothing"}, "Nothing was asked"),
    ],
)
def test_it_says_why_something_cannot_be(client, people, said, given, told):
    answer = edit(client, people, "finance", "feature/search", **given)
    assert (answer.status_code, told in answer.content.decode()) == (400, True), given


def test_a_file_is_taken_whole_or_not_at_all(client, people, said):
    client.force_login(people["finance"])
    written = client.get("/targets.csv").content
    same = client.post("/targets/import/", {"file": SimpleUploadedFile("targets.csv", written)})
    assert "all of it was so already" in same.content.decode()
    wrong = SimpleUploadedFile("t.csv", b"dimension,name,owner\nfeature,new,Ivo\ngadget,x,\n")
    answer = client.post("/targets/import/", {"file": wrong})
    assert answer.status_code == 400 and "line 3:" in answer.content.decode()
    assert not Entity.objects.filter(name="new").exists()
    client.force_login(people["engineer"])
    assert client.post("/targets/import/", {"file": wrong}).status_code == 403
