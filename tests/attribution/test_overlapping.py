"""Several processes attribute the same dirty month at once: one ledger, the same as of one."""

from datetime import date, timedelta
import json
import os
from pathlib import Path
import subprocess
import sys
import time

from django.conf import settings as django_settings
import psycopg
import pytest

from aicost.runtime.database import broker_url
from attribution.allocate import DayResult, attribute, claim_day
from attribution.audit import audit, is_clean
from attribution.dirty import absorb_changes
from attribution.models import AllocatedCharge, CostDay, DayState, Target
from ingest.models import ChangedDay, Charge
from tests.attribution.ledger import calls, charge

ROOT = Path(__file__).resolve().parent.parent.parent
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


def database_url() -> str:
    url = broker_url(django_settings.DATABASES["default"])
    return url.removeprefix("sqla+").replace("+psycopg", "", 1)


def attribute_at_once(workers: int) -> list[dict]:
    """All start at the same moment: a lock on the table of days holds them until all are there."""
    command = [sys.executable, str(ROOT / "manage.py"), "attribute", "--json"]
    environment = os.environ | {"DATABASE_URL": database_url()}
    waiting = "select count(*) from pg_locks where relation = 'attribution_daystate'::regclass"
    with psycopg.connect(database_url()) as gate:
        gate.execute("lock table attribution_daystate in access exclusive mode")
        started = [
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(workers)
        ]
        deadline = time.monotonic() + 60
        while gate.execute(f"{waiting} and not granted").fetchone()[0] < 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1)  # the others are in the queue behind the first, or about to be
    out = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0] * workers
    return [json.loads(text) for text in out]


def test_it_makes_the_same_ledger_with_four_processes_as_with_one():
    build()
    results = attribute_at_once(WORKERS)
    days = sorted(one["day"] for process in results for one in process)
    assert days == [day.isoformat() for day in month()]
    assert [one["failure"] for process in results for one in process] == [""] * DAYS
    assert sum(1 for process in results if process) > 1
    together = ledger()
    assert is_clean(audit())

    forget()
    alone: list[DayResult] = attribute()
    assert len(alone) == DAYS
    assert ledger() == together


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
