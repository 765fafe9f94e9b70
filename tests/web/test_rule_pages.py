"""The pages of rules: read by all who see every team, changed by those who answer for money."""

import html
import re

import pytest

from attribution.allocate import attribute
from attribution.ruling.edit import newest
from tests.attribution.ledger import charge

pytestmark = pytest.mark.django_db
DAYS = "from=2026-09-01&to=2026-09-30"


@pytest.fixture
def ledger(db):
    """One day: 60 on team data-eng by tags, 40 unattributed in its account, 5 of tax."""
    for n in range(6):
        charge("10", sub_account_id="4711", resource_id=f"db-{n}", tags={"team": "data-eng"})
    charge("40", sub_account_id="4711", resource_id="scratch-1", service_name="Object store")
    charge("5", charge_category="Tax")
    attribute()


def text(response) -> str:
    """What a person reads: no tags, single spaces."""
    bare = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(bare))


def test_it_lists_the_rules_in_claiming_order_with_what_they_hold(visit, ledger):
    page = visit("viewer", f"/rules/?{DAYS}")
    told = text(page)
    assert "rules place 61.9% of $105.00; for $40.00 nobody can be named" in told
    titles = [rule.title for rule in newest()]
    places = [told.index(f" {n} {title}") for n, title in enumerate(titles, 1)]
    assert places == sorted(places)
    assert re.search(r"Everything else .* 1 \$40\.00 38\.1% fallback 100%", told)
    assert re.search(r"Tags that name an owner.{0,200} 6 \$60\.00 57\.1% tagged 100%", told)
    assert "This box could not be filled" not in told


def test_it_says_when_the_question_is_too_long(visit, ledger):
    told = text(visit("finance", "/rules/?from=2026-06-01&to=2026-09-30"))
    assert "at most 31 days of them, not 122" in told
    assert "unknown" in told
    assert "unknown" not in text(visit("finance", "/rules/?from=2026-06-01&to=2026-09-30&long=1"))


def test_it_is_for_those_who_see_every_team(visit, ledger):
    for who in ("viewer", "engineer", "finance", "finops", "admin"):
        assert visit(who, "/rules/rule/direct/").status_code == 200
    for who in ("scoped", "lone"):
        for address in ("/rules/", "/rules/rule/direct/", "/rules/suggestions/"):
            assert visit(who, address).status_code == 403, address
    assert visit("finance", "/rules/rule/nothing/").status_code == 404


def test_a_rule_shows_where_its_money_stands_and_its_series(visit, ledger):
    told = text(visit("engineer", f"/rules/rule/direct/?{DAYS}&by=team,experiment"))
    assert re.search(r"data-eng .*\$60\.00 100\.0% tagged 100%", told)
    assert "db-0" in told and "team=data-eng" in told
    assert "New: Tags that name an owner" in told
    page = visit("engineer", f"/rules/rule/direct/?{DAYS}").content.decode()
    assert "/explore/?from=2026-09-01&amp;to=2026-09-30&amp;rule=direct" in page


def test_it_shows_suggestions_with_their_evidence(visit, ledger):
    told = text(visit("viewer", f"/rules/suggestions/?{DAYS}"))
    assert "6 of 6 attributed series of account 4711 stand on team data-eng, 100 %" in told
    assert "$40.00 100.0% 1 Strong." in told
