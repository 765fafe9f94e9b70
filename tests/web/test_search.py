"""Search: a part of a name finds it, whatever its case and hyphens; a team finds only its own."""

import pytest

from attribution.entities.find import find_names
from attribution.models import CustomerUse, Entity, GpuDay, Target
from attribution.reports.spec import Asker
from ingest.models import Customer, ResourceMap, Source
from tests.web.world import FIRST

pytestmark = pytest.mark.django_db
ALL = Asker("finance")


@pytest.fixture
def names(costs):
    """Beside the ledger's: a title, a customer registered and one that only called."""
    Entity.objects.create(dimension="feature", name="answers", title="Support Assistant")
    Entity.objects.create(dimension="experiment", name="Rank-LoRA 7", title="")
    Customer.objects.create(customer="c-001", name="Searchlight GmbH")
    for customer, team in (("acme-rank", "relevance"), ("acme-help", "support")):
        CustomerUse.objects.create(grain="month", day=FIRST, customer=customer, team=team)


def _told(asker: Asker, asked: str, **more) -> list[str]:
    return [f"{hit.kind} {hit.name}" for hit in find_names(asker, asked, **more)]


def test_it_finds_by_any_spelling_the_best_first(names, django_assert_num_queries):
    """The name itself stands before what begins with it, that before what holds it."""
    with django_assert_num_queries(1):
        assert _told(ALL, "SEARCH") == ["feature search", "customer c-001"]
    assert _told(ALL, "rank") == ["model ranker", "experiment Rank-LoRA 7", "customer acme-rank"]
    assert _told(ALL, "rank lora") == _told(ALL, "Rank_Lora7") == ["experiment Rank-LoRA 7"]
    assert _told(ALL, "support-assistant") == ["feature answers"]
    assert _told(ALL, "acme", rows_max=1) == ["customer acme-help"]
    assert _told(ALL, "%") == _told(ALL, " - ") == _told(ALL, "") == []


def test_a_team_finds_only_what_its_own_money_stands_on(names, visit):
    scoped = Asker("engineer", ("relevance",))
    assert _told(scoped, "a") == [
        "customer acme-rank", "model ranker", "feature search", "team relevance",
    ]  # fmt: skip
    assert _told(scoped, "support") == _told(scoped, "searchlight") == _told(scoped, "lora") == []
    assert _told(Asker("viewer", ()), "a") == []
    text = visit("scoped", "/search/?q=a").content.decode()
    assert "ranker" in text
    for hidden in ("answers", "big-llm", "Assistant", "acme-help", "c-001", "LoRA"):
        assert hidden not in text


def test_it_finds_machines_by_name_and_by_what_the_bill_calls_them(names):
    """Two machines with GPU time, one of them of team relevance; a third is only in the map."""
    source = Source.objects.get(name="aws")
    for n, team in enumerate(("relevance", "support")):
        target = Target.objects.filter(team=team).first()
        GpuDay.objects.create(source=source, day=FIRST, resource_id=f"i-0{n}", target=target,
                              currency="USD", gpu_ms=1, billed_cost=1,
                              effective_cost=1)  # fmt: skip
    for n in range(3):
        ResourceMap.objects.create(node=f"gpu-pool-{n}", resource_id=f"i-0{n}")
    assert _told(ALL, "GPU pool") == ["node gpu-pool-0", "node gpu-pool-1", "node gpu-pool-2"]
    assert _told(ALL, "i01") == ["node gpu-pool-1"]
    assert _told(Asker("engineer", ("relevance",)), "pool") == ["node gpu-pool-0"]


def test_it_finds_pages_behind_exact_names(names, visit):
    """A model called Models stands before the page Models, one that holds the word behind it; a
    page leads on with the period, and who may not open one does not find it."""
    Entity.objects.create(dimension="feature", name="models", title="")
    Entity.objects.create(dimension="feature", name="old models", title="")
    text = visit("finance", "/search/?q=Models&period=7d").content.decode()
    found = text[text.index('class="found"') :]
    assert found.index("/features/models/") < found.index('"/models/?period=7d"')
    budget = visit("finance", "/search/?q=budg&period=7d").content.decode()
    assert 'href="/budgets/?period=7d"' in budget
    gpus = visit("scoped", "/search/?q=gpu-eff").content.decode()
    assert '<ul class="found"><li><a href="/gpus/"' in gpus
    audit = '<ul class="found"><li><a href="/settings/audit/"'
    assert audit in visit("finops", "/search/?q=audit trail").content.decode()
    assert audit not in visit("viewer", "/search/?q=audit trail").content.decode()


def test_it_is_a_page_and_suggestions(names, visit):
    """Each hit leads to the page of its name, and takes the period along but no filter."""
    page = visit("viewer", "/search/?q=rank&period=7d&feature=search").content.decode()
    assert 'href="/models/ranker/?period=7d"' in page
    assert "<html" in page
    part = visit("viewer", "/search/?q=rank", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "ranker" in part
    nothing = visit("viewer", "/search/?q=<b>").content.decode()
    assert "Nothing is called like <b>&lt;b&gt;</b>" in nothing
    assert visit("viewer", "/search/?q=%00").status_code == 400
