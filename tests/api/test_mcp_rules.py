"""MCP tells apart what changed rules moved between two periods, as report bridge does."""

from datetime import timedelta

import pytest

from aicost.accounts.models import ADMIN, User
from aicost.api.mcp.base import Reader
from aicost.api.mcp.server import call
from attribution.allocate import attribute
from attribution.models import AllocationRule
from attribution.reports.spec import Asker
from attribution.ruling.draft import Draft
from attribution.ruling.edit import save
from tests.attribution.ledger import DAY, charge

NEXT = DAY + timedelta(days=1)
PERIODS = {"period": NEXT.isoformat(), "against": DAY.isoformat()}


def told(user: User, teams=None, **arguments):
    reader = Reader.of(user, Asker(ADMIN, teams))
    return call(lambda: reader, "compare_periods", PERIODS | arguments)


@pytest.mark.django_db
def test_it_says_what_changed_rules_moved():
    """30.00 of an account nobody knew, then 32.00 of it on search: no new feature, but a rule."""
    ada = User.objects.create(username="ada", role=ADMIN)
    charge("30", sub_account_id="4711")
    charge("32", sub_account_id="4711", day=NEXT)
    one_account = ({"field": "account", "op": "is", "value": "4711"},)
    rule = Draft("search", "Search", conditions=one_account, assigns={"feature": "search"},
                 valid_from=NEXT)  # fmt: skip
    save(rule, ada, "search has its account")
    attribute()
    rules = AllocationRule.objects.count()
    plain, apart = told(ada), told(ada, by_rules=True)
    assert not apart.is_error, apart.content[0].text
    assert "changed rules moved money" not in plain.content[0].text
    causes = {one["cause"]: one["exact"] for one in apart.structured_content["drivers"]}
    moved = {cause: amount for cause, amount in causes.items() if "changed rules" in cause}
    assert sorted(moved.values()) == ["-30", "30"], causes
    assert sum(map(int, causes.values())) == 2
    assert AllocationRule.objects.count() == rules
    for more, why in (
        ({"teams": ("a",)}, "all teams"),
        ({"filters": {"team": ["a"]}}, "all teams"),
        ({"filters": {"service": ["x"]}}, "all teams"),
    ):
        refused = told(ada, by_rules=True, **more)
        assert refused.is_error and why in refused.content[0].text, more
