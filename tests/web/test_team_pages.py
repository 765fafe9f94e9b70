"""Teams: cost, own idle, budget and how well it is known, and one page a team."""

from decimal import Decimal

import pytest

from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.entities.registry import set_budget
from tests.web.test_feature_pages import panel
from tests.web.world import QUERY, SECOND

pytestmark = pytest.mark.django_db
BY = By(reason="a test")


@pytest.fixture
def budgets(costs):
    set_budget("team", "relevance", Decimal(100), "USD", "month", BY)
    remember(SECOND)


def test_the_list_says_who_uses_what_and_how_well_it_is_known(visit, budgets):
    page = visit("finance", f"/teams/?{QUERY}").content.decode()
    for shown in ("2 teams cost", "$235.50", "over budget: relevance", "$160.00", "$75.50",
                  "$20.00", "160%", "of $100 a month", "measured 100%", "fallback 100%",
                  "search", "$255.00", "/statements/"):  # fmt: skip
        assert shown in page, shown


def test_a_team_owns_features_and_would_bear_a_share_of_the_pools(visit, budgets):
    """Receivers weigh 140 and 75.5, and unattributed 3: of 6.5 shared and 10 idle."""
    page = visit("finance", f"/teams/relevance/?{QUERY}").content.decode()
    assert "relevance cost" in page and "$160.00" in page and "160% of its budget" in page
    assert "/statements/2026-09/team/relevance/" in page
    own = f"{QUERY}&team=relevance"
    figures = panel(visit, "finance", "team", "figures", own)
    assert "100%" in figures and "Share of the pools" in figures
    assert "/features/search/" in panel(visit, "finance", "team", "features", own)
    assert "/models/ranker/" in panel(visit, "finance", "team", "models", own)
    assert "No experiment" in panel(visit, "finance", "team", "experiments", own)
    for name in ("unit", "calls", "layers", "facts", "history"):
        panel(visit, "finance", "team", name, own)


def test_a_team_sees_itself_with_its_budget_and_nobody_else(visit, budgets):
    page = visit("scoped", f"/teams/?{QUERY}").content.decode()
    assert "1 team cost" in page and "160%" in page and "support" not in page
    assert "$160.00" in visit("scoped", f"/teams/relevance/?{QUERY}").content.decode()
    assert visit("scoped", f"/teams/support/?{QUERY}").status_code == 403
    assert visit("scoped", f"/panels/team/figures/?{QUERY}&team=support").status_code == 403
