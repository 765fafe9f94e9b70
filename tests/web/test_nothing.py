"""No data, filtered out, another period: three kinds of nothing, and what to do about each."""

from decimal import Decimal

import pytest

from attribution.models import CostSum
from tests.web.world import QUERY

pytestmark = pytest.mark.django_db


def nothing(visit, who: str, address: str) -> str:
    """The words of the component on a page, tags included."""
    page = visit(who, address).content.decode()
    assert "data-nothing=" in page, address
    return page.partition("data-nothing=")[2].partition("</p>")[0]


def test_without_any_data_it_names_the_next_step(visit):
    said = nothing(visit, "finance", f"/explore/?{QUERY}")
    assert said.startswith('"no_data"')
    assert "No cost is known yet" in said
    assert 'href="/upload/"' in said and "make demo" in said
    said = nothing(visit, "viewer", f"/explore/?{QUERY}")
    assert "/upload/" not in said and "FinOps and admins add data" in said


def test_what_is_filtered_out_names_the_filter_and_takes_it_away(visit, costs):
    """search has no row with the model big-llm; each filter can go alone, or both."""
    said = nothing(visit, "viewer", f"/explore/?{QUERY}&feature=search&model=big-llm")
    assert said.startswith('"filtered"')
    assert "Without feature search" in said and "Without model big-llm" in said
    assert "Without any filter" in said
    link = said.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "big-llm" in link and "feature" not in link
    assert "data-nothing" not in visit("viewer", f"/explore/{link}").content.decode()


def test_another_period_says_when_there_are_data(visit, costs):
    said = nothing(visit, "viewer", "/explore/?from=2026-03-01&to=2026-03-31&feature=search")
    assert said.startswith('"outside"')
    assert "No cost in 1–31 Mar 2026" in " ".join(said.split())
    assert "Show September 2026" in said
    assert "from=2026-09-01&amp;to=2026-09-30" in said


def test_what_a_page_is_about_is_no_filter(visit, costs):
    """On the page of a name, its own filter cannot be taken away."""
    said = nothing(
        visit, "admin", "/targets/model/ranker/?from=2026-03-01&to=2026-03-31&compare=none&whole=1"
    )
    assert said.startswith('"outside"')
    assert "Without" not in said


def test_a_team_is_told_of_nothing_but_its_own(visit, costs):
    said = nothing(visit, "scoped", f"/explore/?{QUERY}&feature=answers")
    assert said.startswith('"filtered"')
    said = nothing(visit, "scoped", "/explore/?from=2026-03-01&to=2026-03-31")
    assert "Show September 2026" in said


def test_zero_is_an_answer_and_no_nothing(visit, costs):
    CostSum.objects.update(effective_cost=Decimal(0), billed_cost=Decimal(0))
    page = visit("viewer", f"/explore/?{QUERY}").content.decode()
    assert "data-nothing" not in page
