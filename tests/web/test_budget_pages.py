"""Budgets against what is used, at the pace so far; what stands out until something watches."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from aicost.web.pages.budgets import budgets
from attribution.models import Entity, EntityBudget
from tests.web.asks import asked
from tests.web.world import FIRST, make_costs

pytestmark = pytest.mark.django_db
QUERY = "from=2026-09-01&to=2026-09-02"


def budget(dimension: str, name: str, amount: str, period: str = "month", **more) -> None:
    EntityBudget.objects.create(
        dimension=dimension,
        name=name,
        amount=Decimal(amount),
        currency="USD",
        period=period,
        **more,
    )


def test_the_pace_so_far_says_when_it_is_used_up(visit, people, costs):
    """160.00 of search in 2 of 30 days: 2,400 a month. Of 1,000 that is used up after 12.5 days;
    of 100 it is over by 60; relevance keeps within its 10,000."""
    Entity.objects.create(dimension="feature", name="search", owner="Priya")
    budget("feature", "search", "1000")
    budget("model", "ranker", "100")
    budget("team", "relevance", "10000")
    budget("feature", "answers", "5", valid_to=FIRST)  # ended
    found = {one.name: one for one in budgets(asked(people["finance"], QUERY))}
    assert set(found) == {"search", "ranker", "relevance"}
    search = found["search"]
    assert (search.owner, search.burn.used, search.pace) == ("Priya", Decimal(160), Decimal(2400))
    assert (search.state, search.ends) == ("ahead", date(2026, 9, 13))
    assert (found["ranker"].state, found["relevance"].state) == ("over", "within")
    page = visit("finance", f"/budgets/?{QUERY}").content.decode()
    for shown in ("ranker", "is $60 over", "over by $60", "used up on 13 Sep", "$2,400", "within"):
        assert shown in page, shown
    lines = visit("finance", f"/export/budgets/table.csv?{QUERY}")
    text = b"".join(lines.streaming_content).decode() if lines.streaming else lines.content.decode()
    assert "feature,search,Priya,month,USD,1000" in text


def test_a_plan_for_the_whole_is_not_shown_to_who_sees_a_part(visit, people, costs):
    budget("feature", "search", "1000")
    budget("team", "relevance", "10000")
    budget("team", "support", "10000")
    assert [one.name for one in budgets(asked(people["scoped"], QUERY))] == ["relevance"]
    page = visit("scoped", f"/budgets/?{QUERY}").content.decode()
    assert "relevance" in page and "support" not in page.partition("</nav>")[2]


def test_without_a_budget_it_offers_the_largest_names(visit, costs):
    page = visit("finance", f"/budgets/?{QUERY}").content.decode()
    assert "No budget is set." in page and "/targets/edit/feature/search/" in page
    assert "/targets/edit/" not in visit("viewer", f"/budgets/?{QUERY}").content.decode()


def test_a_day_that_stands_out_is_shown_with_its_reason(visit, db):
    make_costs()
    short = visit("finance", f"/anomalies/?{QUERY}").content.decode()
    assert "Too few days to tell" in short
    last = FIRST + timedelta(days=20)
    page = visit("finance", f"/anomalies/?from={FIRST}&to={last}").content.decode()
    assert "Nothing watches for anomalies yet" in page
    assert "Nothing is sent by mail yet" in visit("finance", "/reports/").content.decode()
