"""A question put again while nobody has written costs one small query, and no stale answer."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.remembered import remember_answers
from attribution.reports.spec import Asker, Spec
from tests.attribution.ledger import DAY, charge

SPEC = Spec("cost", Period(DAY, DAY + timedelta(days=1)), Asker("admin"), group_by=("team",))


@pytest.fixture
def web_server():
    remember_answers()
    yield
    remember_answers(False)


def asked(spec: Spec) -> tuple[dict[str, Decimal], int]:
    with CaptureQueriesContext(connection) as queries:
        answer = run(spec)
        assert answer.final is not None
        cost = {row["team"]: row["cost"] for row in answer.rows}
        answer.rows[0]["cost"] = None  # a page may do with its rows what it likes
    return cost, len(queries)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("web_server")
def test_the_same_question_is_answered_from_memory_until_somebody_writes():
    charge("30", tags={"team": "data"})
    charge("12", tags={"team": "ranking"})
    attribute()
    told = {"data": Decimal(30), "ranking": Decimal(12)}
    first, again = asked(SPEC), asked(SPEC)
    other = asked(replace(SPEC, asker=Asker("viewer", ("data",))))
    assert (first[0], again[0]) == (told, told)
    assert (first[1] > 1, again[1]) == (True, 1)
    assert other[0] == {"data": Decimal(30)}
    charge("8", tags={"team": "data"}, sub_account_id="4712")
    attribute()
    assert asked(SPEC)[0] == {**told, "data": Decimal(38)}


@pytest.mark.django_db
@pytest.mark.usefixtures("web_server")
def test_within_a_transaction_nothing_is_kept():
    charge("30", tags={"team": "data"})
    attribute()
    assert asked(SPEC)[1] == asked(SPEC)[1] > 1
