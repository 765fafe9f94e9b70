"""Features: a list that adds up with unit costs and margin, and one page a feature."""

from decimal import Decimal

import pytest

from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.entities.registry import save_details, set_budget
from ingest.models import Annotation, Delivery, Outcome, Revenue, Source, UsageDay
from tests.web.world import FIRST, QUERY, SECOND

pytestmark = pytest.mark.django_db
FAILED = "could not be filled"
BY = By(reason="a test")


def source(name: str, kind: str) -> dict:
    of = Source.objects.create(name=name, kind=kind)
    one = Delivery.objects.create(source=of, name=name, state="published", set_sha256="1" * 64)
    return {"source": of, "delivery": one}


@pytest.fixture
def known(costs):
    """search: 1,000 calls, 40 orders, revenue 400. answers: nobody counts its calls or revenue."""
    for day in (FIRST, SECOND):
        UsageDay.objects.create(source=source(f"calls {day}", "usage")["source"], day=day,
                                model="ranker", feature="search", requests=500)  # fmt: skip
    shop = source("shop", "business")
    Revenue.objects.create(day=FIRST, feature="search", amount=Decimal(400), currency="USD", **shop)
    Outcome.objects.create(day=FIRST, feature="search", name="orders", count=40, **shop)


def panel(visit, who: str, page: str, name: str, query: str = QUERY) -> str:
    """A part of a page as it comes after it."""
    answer = visit(who, f"/panels/{page}/{name}/?{query}")
    assert answer.status_code == 200, (page, name)
    body = answer.content.decode()
    assert FAILED not in body, (page, name)
    return body


def test_the_list_has_a_price_a_feature_and_adds_up(visit, known):
    """search costs 140 and 20 idle for 1,000 calls: $160 a thousand, $4 an order, 60% margin."""
    page = visit("finance", f"/features/?{QUERY}").content.decode()
    assert "2 features cost" in page and "$235.50" in page and "92.4% of all AI cost" in page
    table = panel(visit, "finance", "features", "table")
    for shown in ("$160.00", "$75.50", "$10.00", "$6.50", "$3.00", "$255.00", "$20.00",
                  "$4.00", "orders", "$400.00", "60.0%", "62.7%", "unknown", "n/a",
                  "/features/search/?from=2026-09-01"):  # fmt: skip
        assert shown in table, shown
    engineer = panel(visit, "engineer", "features", "table")
    assert "$160.00" in engineer and "$400.00" not in engineer and "Gross margin" not in engineer


def test_a_feature_says_what_it_costs_why_and_whose_it_is(visit, known):
    save_details("feature", "search", {"owner": "Mara Lindt", "title": "Search ranking"}, BY)
    set_budget("feature", "search", Decimal(200), "USD", "month", BY)
    remember(SECOND)
    Annotation.objects.create(at="2026-09-02T09:00Z", kind="deploy", title="ranker 2 goes live",
                              feature="search", event_id="1",
                              source=source("hooks", "events")["source"])  # fmt: skip
    days = "from=2026-09-02&to=2026-09-02&compare=previous"
    page = visit("finance", f"/features/search/?{days}").content.decode()
    for shown in ("Search ranking cost", "$90.00", "+$20 (+28.6%) on 1\N{NO-BREAK SPACE}Sep",
                  "Mara Lindt owns it", "80% of its budget is used", "7% of the month gone",
                  "ranker 2 goes live", "Every cent of this selection stands once"):  # fmt: skip
        assert shown in page, shown
    own = f"{QUERY}&feature=search"
    figures = panel(visit, "finance", "feature", "figures", own)
    for shown in ("$160<small>.00", "$20 own idle", "1,000 counted", "$140", "60.0%",
                  "$400 revenue", "80%"):  # fmt: skip
        assert shown in figures, shown
    assert "Gross margin" not in panel(visit, "engineer", "feature", "figures", own)
    models = panel(visit, "finance", "feature", "models", own)
    assert "/models/ranker/" in models and "$160.00" in models
    assert "No call of it names a customer" in panel(visit, "finance", "feature", "customers", own)
    assert "Mara Lindt" in panel(visit, "finance", "feature", "facts", own)
    assert "a test" in panel(visit, "finance", "feature", "history", own)
    for name in ("unit", "calls", "layers"):
        panel(visit, "finance", "feature", name, own)
    chart = visit("finance", f"/figures/feature/chart.json?{own}").json()
    assert chart["data"][0]["y"] == ["70", "90"]


def test_a_team_sees_its_own_features_and_no_part_of_another(visit, known):
    page = visit("scoped", f"/features/?{QUERY}").content.decode()
    table = panel(visit, "scoped", "features", "table")
    assert "1 feature cost" in page and "$160.00" in table and "answers" not in page + table
    assert visit("scoped", f"/features/answers/?{QUERY}").status_code == 403
    for name in ("facts", "history", "lead", "figures"):
        address = f"/panels/feature/{name}/?{QUERY}&feature=answers"
        assert visit("scoped", address).status_code == 403, name
    assert visit("finance", f"/panels/feature/lead/?{QUERY}").status_code == 400


def test_names_lead_to_the_page_of_their_kind(visit, known):
    assert visit("finance", f"/targets/feature/search/?{QUERY}")["Location"].startswith(
        "/features/search/?from="
    )
    assert visit("finance", f"/features/never%20seen/?{QUERY}").status_code == 404
    nothing = visit("finance", "/features/?period=last-month&compare=none").content.decode()
    assert "No cost stands on any feature" in nothing
    files = visit("finance", f"/export/feature/models.csv?{QUERY}&feature=search")
    assert b"160" in b"".join(files.streaming_content)


def test_it_asks_the_database_little(visit, client, known, django_assert_max_num_queries):
    for address in (f"/features/?{QUERY}", f"/features/search/?{QUERY}"):
        visit("finance", address)
        with django_assert_max_num_queries(12):
            client.get(address)
