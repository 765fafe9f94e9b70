"""Search: a part of a name finds it, whatever its case and hyphens; a team finds only its own."""

import pytest

from attribution.entities.find import find_names
from attribution.models import CustomerUse, Entity
from attribution.reports.spec import Asker
from ingest.models import Customer
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
