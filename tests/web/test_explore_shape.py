"""Explore: sums that run on, names up to as many as one wants, a click that goes deeper."""

from decimal import Decimal

import pytest

from attribution.models import CostDay, Target
from ingest.models import Source
from tests.web.test_unit_pages import text
from tests.web.world import FIRST, QUERY, sum_costs

pytestmark = pytest.mark.django_db
D = Decimal
IDLE = "Idle, no feature"


def drawn(visit, query: str = "") -> list[dict]:
    return visit("finance", f"/figures/explore/chart.json?{QUERY}{query}").json()["data"]


def test_cumulative_adds_each_day_to_those_before(visit, costs):
    """Search cost 70 and 90; its own idle stands in it."""
    plain, summed = drawn(visit), drawn(visit, "&sum=1")
    assert [x["y"] for x in plain if x["name"] == "search"] == [["70", "90"]]
    assert [x["y"] for x in summed if x["name"] == "search"] == [["70", "160"]]
    page = visit("finance", f"/explore/?{QUERY}&sum=1").content.decode()
    assert "added up" in page and "Per day" in text(page) and "Cumulative" in text(page)


def test_a_click_on_a_bar_leads_where_its_name_in_the_table_leads(visit, costs):
    links = {x["name"]: x.get("meta") for x in drawn(visit)}
    assert links["search"].endswith("feature=search")
    assert "kind=idle" in links[IDLE] and visit("finance", f"/explore/{links[IDLE]}")
    page = visit("finance", f"/explore/?{QUERY}").content.decode()
    assert f'href="{links["search"].replace("&", "&amp;")}"' in page
    shown = visit("finance", f"/explore/{links[IDLE]}").context["panels"]["table"]["blocks"][0]
    assert shown.total.cost == D(10)


def test_eight_names_stand_before_the_rest_is_one_line_until_one_asks_for_more(visit, people):
    bill = Source.objects.create(name="aws", kind="bill")

    for n in range(14):
        target = Target.objects.create(kind="workload", state="active", feature=f"f{n:02}",
                                       activity="inference")  # fmt: skip
        CostDay.objects.create(day=FIRST, billing_period=FIRST, source=bill, currency="USD",
                               target=target, evidence="measured", charge_category="Usage",
                               billed_cost=D(n + 1), effective_cost=D(n + 1))  # fmt: skip
    sum_costs(bill)
    short = visit("finance", f"/explore/?{QUERY}")
    block = short.context["panels"]["table"]["blocks"][0]
    assert [x.names[0] for x in block.lines][-1] == "6 others"
    assert sum(x.cost for x in block.lines) == block.total.cost == D(105)
    assert "Show more rows" in short.content.decode()
    longer = visit("finance", f"/explore/?{short.context['panels']['table']['longer']}")
    assert len(longer.context["panels"]["table"]["blocks"][0].lines) == 14
    assert visit("finance", f"/explore/?{QUERY}&rows=many").status_code == 400


def test_a_group_without_a_first_name_has_no_page_of_its_own(visit, costs):
    page = visit("finance", f"/explore/?{QUERY}&group=model,activity").content.decode()
    assert "could not be filled" not in page
