"""What rules moved that changed between two periods is told apart from what really changed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from aicost.accounts.models import ADMIN, User
from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.spec import Asker, BadSpec, NotAllowed, Spec
from attribution.ruling.draft import Draft
from attribution.ruling.edit import save
from tests.attribution.ledger import DAY, charge

ALL = Asker(ADMIN)
NEXT = DAY + timedelta(days=1)
BEFORE, NOW = Period(DAY, NEXT), Period(NEXT, NEXT + timedelta(days=1))


def bridge(**more) -> dict[str, dict]:
    spec = Spec("bridge", NOW, ALL, group_by=("feature",), against=BEFORE, **more)
    return {row["feature"] or row["line"]: row for row in run(spec).rows}


def moved(row: dict) -> dict[str, Decimal]:
    return {k.removesuffix("_effect"): v for k, v in row.items() if k.endswith("_effect") and v}


@pytest.mark.django_db
def test_a_rule_that_begins_between_two_days_is_no_new_feature():
    """30.00 of an account nobody knew, then 32.00 of it on search: 2.00 more, not 32.00."""
    charge("30", sub_account_id="4711")
    charge("32", sub_account_id="4711", day=NEXT)
    one_account = ({"field": "account", "op": "is", "value": "4711"},)
    rule = Draft("search", "Search", conditions=one_account, assigns={"feature": "search"},
                 valid_from=NEXT)  # fmt: skip
    save(rule, User.objects.create(username="ada", role=ADMIN), "search has its account")
    attribute()
    plain = bridge()
    assert moved(plain["search"]) == {"new": Decimal(32)}
    assert moved(plain["unattributed"]) == {"unmetered": Decimal(-30)}
    told = bridge(by_rules=True)
    assert moved(told["search"]) == {"rules": Decimal(30), "unmetered": Decimal(2)}
    assert moved(told["unattributed"]) == {"rules": Decimal(-30)}
    for name, row in told.items():
        assert (row["previous"], row["cost"]) == (plain[name]["previous"], plain[name]["cost"])


@pytest.mark.django_db
def test_only_who_sees_all_teams_may_ask_and_only_of_two_periods():
    with pytest.raises(NotAllowed, match="all teams"):
        run(Spec("bridge", NOW, Asker("viewer", ("a",)), against=BEFORE, by_rules=True))
    with pytest.raises(BadSpec, match="rule changes"):
        run(Spec("cost", NOW, ALL, by_rules=True))
