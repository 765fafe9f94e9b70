"""What if a request cost less, volume grew, a price rose: arithmetic anybody can check."""

from decimal import Decimal
import re

import pytest

from aicost.web.what_if import Question, asked, changed, outcome_of, total
from attribution.reports.spec import BadSpec
from tests.attribution.world import build
from tests.web.test_unit_pages import text

D = Decimal
QUERY = "from=2026-09-01&to=2026-09-01&compare=none"


def row(feature: str, revenue: str | None, cost: str, research: str = "0") -> dict:
    return {
        "feature": feature,
        "revenue": None if revenue is None else D(revenue),
        "cost_of_revenue": D(cost),
        "research_cost": D(research),
        "other_class_cost": D(0),
    }


def test_it_works_a_period_again_by_hand():
    """Search earns 100 and costs 40 and 10 of research; 5 of shared cost stands on no feature.

    Requests 20 % cheaper, half as many again, search 10 % dearer: it earns 100·1.5·1.1 = 165 and
    costs 40·1.5·0.8 = 48; research and shared cost stay."""
    rows = [row("search", "100", "40", "10"), row("", None, "5")]
    question = Question(cost=D(-20), volume=D(50), price=D(10), feature="search")
    then = total(changed(one, question) for one in rows)
    assert (then.revenue, then.cost_of_revenue, then.below) == (D(165), D(53), D(10))
    assert (then.gross, then.left) == (D(112), D(102))
    stays = Question(cost=D(-20), volume=D(50), revenue="stays")
    assert changed(rows[0], stays).revenue == D(100)
    assert total(changed(one, Question()) for one in rows) == total(map(outcome_of, rows))
    assert outcome_of(rows[1]).gross_percent is None


@pytest.mark.parametrize(
    "params",
    [{"cost": "cheap"}, {"volume": "-101"}, {"price": "1e9"}, {"cost": "NaN"}, {"revenue": "x"}],
)
def test_it_refuses_what_it_cannot_read(params):
    with pytest.raises(BadSpec):
        asked(params)
    assert asked({"cost": " \N{MINUS SIGN}20 %", "volume": ""}) == Question(cost=D(-20))


@pytest.mark.django_db
def test_the_page_shows_both_and_keeps_the_question_in_its_address(visit, people):
    build()
    now = visit("finance", f"/margin/?{QUERY}").context["panels"]["what_if"]
    response = visit("finance", f"/margin/?{QUERY}&if_cost=-50")
    then = response.context["panels"]["what_if"]
    before, after = ({x[0]: x[1:] for x in panel["sums"]} for panel in (now, then))
    assert before["Revenue"][0] == after["Revenue"][1]
    assert after["Cost of revenue"][2].startswith("\N{MINUS SIGN}$")
    assert "not a forecast" in text(response.content.decode())
    page = response.content.decode()
    assert re.search(r'name="if_cost" value="-50"', page)
    assert re.search(r'type="hidden" name="from" value="2026-09-01"', page)
    assert visit("finance", f"/margin/?{QUERY}&if_cost=much").status_code == 400
    assert visit("viewer", f"/margin/?{QUERY}&if_cost=-50").status_code == 403
