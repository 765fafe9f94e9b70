"""A question put again while nobody has written costs one small query, and no stale answer."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from threading import Event

from django.db import connection
from django.test.utils import CaptureQueriesContext
import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.remembered import Going, remember_answers, remembered
from attribution.reports.spec import Answer, Asker, BadSpec, Spec
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


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.usefixtures("web_server")
def test_what_several_ask_at_once_is_worked_out_once(monkeypatch, fails):
    """The second asks while the first is at work, and gets rows of its own. What the first was
    refused, the second asks itself: its limits may be others."""
    begun, awaited, end = Event(), Event(), Event()
    spec, calls = replace(SPEC, filters={"team": (str(fails),)}), []

    class Awaited(Going):
        def result(self, timeout: float | None = None) -> Answer:
            awaited.set()
            return super().result(timeout)

    module = import_module("attribution.reports.remembered")
    monkeypatch.setattr(module, "seen", lambda: ("1:1:", DAY))
    monkeypatch.setattr(module, "Going", Awaited)

    def make() -> Answer:
        calls.append(1)
        begun.set()
        assert end.wait(30)
        if fails:
            raise BadSpec("there is no such thing")
        return Answer(spec, ("cost",), [{"cost": 1}], None, None)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(remembered, spec, make)
        assert begun.wait(30)
        other = pool.submit(remembered, spec, make)
        assert awaited.wait(30)
        end.set()
        errors = [one.exception(30) for one in (first, other)]
    if fails:
        assert [type(error) for error in errors] == [BadSpec, BadSpec]
    else:
        rows = [one.result().rows for one in (first, other)]
        assert rows[0] == rows[1]
        assert rows[0][0] is not rows[1][0]
    assert len(calls) == (2 if fails else 1)
    assert not module._going
