"""Several processes attribute the same dirty month at once: one ledger, the same as of one."""

from datetime import date, timedelta
import json
import os
import time

from django.db.models import F
import psycopg
import pytest

from aicost.runtime.serving import database_url
from attribution.allocate import DayResult, attribute, claim_day
from attribution.audit import audit, is_clean
from attribution.dirty import absorb_changes
from attribution.models import AllocatedCharge, AllocationRule, CostDay, DayState, Target
from ingest.models import ChangedDay, Charge
from tests.attribution.ledger import calls, charge
from tests.nursery import Child

RUNS = int(os.environ.get("AICOST_OVERLAP_RUNS", "2"))
WORKERS, FIRST, DAYS = 4, date(2026, 9, 1), 30
MODELS = [f"m{n}" for n in range(8)]

pytestmark = pytest.mark.django_db(transaction=True)


def month() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(DAYS)]


def build() -> None:
    """Days that need the same new targets, each in another order; and a charge of a month."""
    for nth, day in enumerate(month()):
        for step in range(len(MODELS)):
            model = MODELS[(nth * 3 + step * 5) % len(MODELS)]
            calls(model, 10 + step, day=day, feature=f"f{(nth + step) % 5}", team=f"t{step % 3}")
            tags = {"model": model, "activity": "inference"}
            charge(f"{step + 1}.{nth + 1:02}", day=day, tags=tags, sku_id=str(step))
        charge("7.77", day=day, sku_id="nobody")
    charge("100", charge_category="Tax", long_until="2026-10-01T00:00:00Z", sku_id="support")


def ledger() -> tuple[list, list]:
    target = [f"target__{n}" for n in ("kind", "state", "model", "feature", "team")]
    stage1 = [f"stage1_{name}" for name in target]
    columns = ["charge_id", *stage1, *target, "evidence", "billed_cost", "effective_cost"]
    spread = ["day", *target, "is_month_spread", "billed_cost", "shared_spread_effective"]
    return (
        sorted(AllocatedCharge.objects.values_list(*columns)),
        sorted(CostDay.objects.values_list(*spread)),
    )


def forget() -> None:
    for model in (AllocatedCharge, CostDay, DayState, Target):
        model.objects.all().delete()
    for source, day in Charge.objects.values_list("source_id", "day").distinct():
        ChangedDay.objects.create(source_id=source, day=day, what="charges")


WORKER = """
from django.db import connection
from attribution.allocate import attribute
for line in sys.stdin:
    done = [[one.day.isoformat(), one.failure] for one in attribute()]
    connection.close()
    print(json.dumps(done), flush=True)
"""


@pytest.fixture
def workers(nursery):
    """workers(count): processes of one thread each that attribute whenever they read a line, and
    say what they did; as `manage.py attribute` does, without its start each time."""
    started: list[Child] = []

    def start(count: int) -> list[Child]:
        started.extend(nursery.fork(WORKER, AICOST_ATTRIBUTION_THREADS=1) for _ in range(count))
        return started

    yield start
    for child in started:
        child.gone()


def attribute_at_once(started: list[Child]) -> list[list[list[str]]]:
    """What each did, as [day, failure]. All start at the same moment: a lock on the table of days
    holds them until all are there."""
    waiting = "select count(distinct pid) from pg_locks where not granted"
    with psycopg.connect(database_url()) as gate:
        gate.execute("lock table attribution_daystate in access exclusive mode")
        for process in started:
            process.tells.write("go\n")
            process.tells.flush()
        deadline = time.monotonic() + 60
        while gate.execute(waiting).fetchone()[0] < len(started):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    return [json.loads(process.hears.readline()) for process in started]


def deadlocks() -> int:
    with psycopg.connect(database_url()) as counting:
        query = "select deadlocks from pg_stat_database where datname = current_database()"
        return counting.execute(query).fetchone()[0]


def test_it_makes_the_same_ledger_with_four_processes_as_with_one(workers):
    build()
    results = attribute_at_once(workers(WORKERS))
    done = sorted(tuple(one) for process in results for one in process)
    assert done == [(day.isoformat(), "") for day in month()]
    assert sum(1 for process in results if process) > 1
    together = ledger()
    assert is_clean(audit())

    forget()
    alone: list[DayResult] = attribute()
    assert len(alone) == DAYS
    assert ledger() == together


def test_it_never_deadlocks_however_recalculations_overlap(workers):
    """Eight workers, the same month again and again: all of it dirty, or under another rule."""
    build()
    attribute()
    expected, before = ledger(), deadlocks()
    started = workers(8)
    for nth in range(RUNS):
        if nth % 2:
            AllocationRule.objects.filter(key="now_and_then").delete()
        else:
            AllocationRule.objects.create(
                key="now_and_then",
                version=1,
                position=5,
                title="Claims nothing",
                method="direct",
                conditions=[{"field": "sku_id", "op": "is", "value": f"none-{nth}"}],
            )
            DayState.objects.update(dirty_version=F("dirty_version") + 1)
        results = attribute_at_once(started)
        assert {failure for process in results for _, failure in process} <= {""}
        assert not DayState.objects.filter(dirty_version__gt=F("published_version")).exists()
    assert deadlocks() == before
    assert ledger() == expected
    assert is_clean(audit())


def test_it_takes_the_day_of_a_worker_that_died_and_spreads_its_month(settings):
    settings.AICOST_JOB_LEASE_SECONDS = 1
    build()
    attribute()
    expected = ledger()
    forget()
    absorb_changes()
    assert claim_day("dies at once", FIRST, None) is not None

    assert len(attribute()) == DAYS
    assert ledger() == expected
    assert not DayState.objects.exclude(claimed_by="", lease_until=None).exists()

    # As a worker leaves it that dies after its last day and before it spreads the month.
    CostDay.objects.filter(is_month_spread=True).delete()
    DayState.objects.update(spread_version=0)
    assert attribute() == []
    assert ledger() == expected
