"""Overview: finance first, and why it grew within three clicks."""

from datetime import date
from decimal import Decimal
import html
import re

from django.db import connection
from django.test.utils import CaptureQueriesContext
import pytest

from aicost.web.pages.registry import PAGES
from attribution.budgeting.edit import save_budget
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.entities.registry import set_budget
from tests.attribution import budget_world
from tests.attribution.bridge_world import build
from tests.web.test_unit_pages import text

D = Decimal
QUERY = "from=2026-09-01&to=2026-09-30"
HALF = "from=2026-09-01&to=2026-09-15"
QUERIES_MAX = 12


@pytest.fixture
def moved(people):
    build()


def panel(visit, who: str, slug: str, query: str = QUERY) -> str:
    return text(visit(who, f"/panels/overview/{slug}/?{query}").content.decode())


def follow(visit, page: str, words: str) -> str:
    """The page behind the link of these words."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>(?:<b>)?{re.escape(words)}', page)
    assert found, words
    return visit("finance", html.unescape(found.group(1))).content.decode()


def test_a_cfo_learns_why_it_grew_in_three_clicks(visit, moved):
    """From Overview to the answer, from there to the bridge of the month and to the charges."""
    overview = visit("finance", f"/?{QUERY}").content.decode()
    growth = follow(visit, overview, "Why did it grow?")
    said = text(growth)
    assert "AI cost grew 2.3 times , from $419 in August to $962 in September" in said
    assert (
        "more GPU hours of training and experiments $217" in said
    )  # 210 and the shorter month’s 7
    assert "search: 3.0 times the GPU hours of training" in said
    bridge = text(follow(visit, growth, "Bridge of the month"))
    assert "Unit economics" in bridge
    explore = text(follow(visit, growth, "+$237"))
    assert "AI cost by model and activity" in explore


def test_movers_are_sentences_that_add_up(visit, moved):
    page = visit("finance", f"/panels/overview/movers/?{QUERY}")
    said, shown = text(page.content.decode()), page.context["p"]
    assert (
        sum(x["delta"] for x in shown["movers"])
        == shown["total"]
        == D("962.25") - D("419.333333333333333333")
    )
    assert "help: new: test-b" in said and "+$70" in said
    assert "old: ended: api" in said


def test_the_running_month_is_paced_and_held_against_the_budgets_there_are(visit, moved, people):
    """962.25 in 15 of 30 days is 1,924.50 for the month; the features with a budget pace apart."""
    page = text(visit("finance", f"/?{HALF}").content.decode())
    assert "At this pace September ends at $1,924" in page
    assert "pace of 15 of 30 days, no forecast: no bill it counts has a final day" in page
    assert "no budget set" in page
    set_budget("feature", "search", D(1500), "USD", "month", By(people["finance"]))
    remember(date(2026, 9, 15))
    page = text(visit("finance", f"/?{HALF}").content.decode())
    said = "$259 over the $1.5k budgets of 1 feature, which head for $1.8k"
    assert said in page  # 879.50 × 2 − 1,500
    whole = text(visit("finance", f"/?{QUERY}").content.decode())
    assert "at this pace" not in whole and "Spend to date" not in whole


def test_the_running_month_is_forecast_and_held_against_the_company_budget(visit):
    """150.00 a day: 4,500 in September, with the company's 4,400 by its side."""
    budget_world.build()
    save_budget({"title": "All AI", "amount": "4400", "currency": "USD"}, By())
    remember(budget_world.LAST)
    page = text(visit("finance", f"/?from=2026-09-01&to={budget_world.LAST}").content.decode())
    assert "September is forecast to end at $4,500" in page
    assert "$100 over the $4.4k budget of the company; over with a probability of 100%" in page
    assert "in four of five cases" in page and "at this pace" not in page


def test_a_unit_cost_is_per_feature_first_and_the_blend_says_so(visit, moved):
    said = panel(visit, "finance", "units")
    assert said.index("Per 1k, search") < said.index("Per 1k, help")
    assert "Per 1k, blended" in said and "inferences" in said and "$686" in said


def test_margin_is_for_those_who_may_see_it(visit, moved):
    assert "Gross margin" in panel(visit, "finance", "effect")
    viewer = panel(visit, "viewer", "effect")
    assert "Gross margin" not in viewer and "Training" in viewer and "$330" in viewer


def test_every_source_says_how_far_it_reaches(visit, moved):
    page = text(visit("finance", f"/?{QUERY}").content.decode())
    assert "How fresh the data is" in page and "bill bill" in page and "calls usage" in page


@pytest.mark.parametrize("slug", ["overview", "growth", "unit_economics"])
def test_a_page_and_each_panel_that_comes_later_ask_few_questions(client, visit, moved, slug):
    visit("finance", "/")
    page = PAGES[slug]
    address = {"overview": "/", "growth": "/why-it-grew/"}.get(slug, "/unit-economics/")
    addresses = [address, *(f"/panels/{slug}/{x.slug}/" for x in page.panels if x.lazy)]
    for one in addresses:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"{one}?{QUERY}").status_code == 200
        assert len(asked) <= QUERIES_MAX, (one, len(asked))


def test_no_month_is_named_after_a_calendar_that_is_not_there(visit, people):
    page = text(visit("finance", f"/?{QUERY}").content.decode())
    assert "Nothing has been billed in this period" in page
    assert date(2026, 9, 1).strftime("%B") + " at this pace" not in page
