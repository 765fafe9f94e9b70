"""Cost layers: the page's lines are the report's, and each opens Explore on exactly its figure."""

from decimal import Decimal
import re

import pytest

from aicost.kernel.periods import Period
from attribution.reports import run
from attribution.reports.spec import LEFT_OUT, Asker, Spec
from tests.web.page_text import rows_of
from tests.web.world import FIRST, QUERY, SECOND

pytestmark = pytest.mark.django_db
DAYS = Period(FIRST, SECOND.replace(day=SECOND.day + 1))


def test_each_line_opens_explore_on_its_own_figure(visit, costs):
    """Serving 215.50, kept warm 20.00; shared, idle and unattributed below; in all the bill."""
    page = visit("finance", f"/layers/?{QUERY}").content.decode()
    shown = rows_of(page, "What the money buys")
    assert {name: cells[1] for name, cells in shown.items()} == {
        "Inference compute": "$215.50",
        "Hosting kept warm": "$20.00",
        "Shared": "$6.50",
        "Idle, no layer": "$10.00",
        "Unattributed": "$3.00",
        "Total": "$255.00",
    }
    drills = re.findall(r'<a (?:class="plain-link" )?href="(/explore/\?[^"]*)">([^<]+)</a>', page)
    assert {name for _, name in drills} == set(shown) | {"Explore", "Idle by state"}
    for address, name in drills:
        if name in shown:
            explored = visit("finance", address.replace("&amp;", "&")).content.decode()
            assert name == "Total" or "Layer: " in explored
            assert shown[name][1] in rows_of(explored, "", "Total")["Total"], name


def test_the_chart_has_every_layer_of_the_report(visit, costs):
    chart = visit("finance", f"/figures/layers/chart.json?{QUERY}").json()
    spec = Spec("cost", DAYS, Asker("finance"), group_by=("layer",), estimates=LEFT_OUT)
    drawn = sum(Decimal(trace["y"][-1]) for trace in chart["data"])
    assert drawn == sum(row["cost"] for row in run(spec).rows) == 255


def test_a_page_without_a_bill_names_the_next_step(visit):
    page = visit("finance", "/layers/").content.decode()
    assert "Nothing has been billed in this period." in page
    assert "Sources" in page


def test_it_asks_the_database_little(visit, client, costs, django_assert_max_num_queries):
    visit("finance", f"/layers/?{QUERY}")
    with django_assert_max_num_queries(12):
        client.get(f"/layers/?{QUERY}")
