"""A real Celery worker is killed with -9 at ten points of loads: nothing lost, nothing twice.

Three bills of FOCUS, the last a second delivery of the first one's month, are loaded and attributed
by jobs. At each of ten points all processes of the worker are killed; the next one goes on. In the
end every table holds what undisturbed loads leave, row by row.
"""

from datetime import date, timedelta
from pathlib import Path
import random
import socket
import subprocess
import time

from django.conf import settings as django_settings
import pytest

from aicost.jobs.models import Job
from aicost.jobs.queue import enqueue
from aicost.runtime.database import broker_url
from aicost.runtime.postgres import free_port
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from ingest.inbox import clear_scratch
from ingest.load import load
from ingest.models import Delivery
from tests import emptying
from tests.ingest.bills import FOCUS_COLUMNS, focus_row
from tests.runtime.content import content
from tests.runtime.workers import SEEDS, Workers, answer, finished, wait_for

SOURCE, RESOURCES, HOURS = "cloud", 250, 4
LATE_SECONDS_MAX = 0.15  # a kill follows its point by a random part of this

# Where the worker is killed, in this order; each point is seen from outside.
KILLS = {
    "september.csv": ("fetching", "staging", "publishing", "attributing"),
    "october.csv": ("staging", "publishing", "published", "half attributed"),
    "september, again.csv": ("publishing", "attributed"),
}
PUBLISHING = """select exists (
    select from pg_locks
     where relation = 'ingest_chargeseries'::regclass and mode = 'RowExclusiveLock')"""
DIRTY_DAYS = """select (select count(*) from ingest_changedday) * 1000 + count(*)
    from attribution_daystate where dirty_version > published_version"""
TORN = """select count(*)
    from ingest_delivery d join ingest_controltotal t on t.delivery_id = d.id
   where d.state = 'published' and t.billed_cost is distinct from (
       select sum(billed_cost) from ingest_charge c where c.scope_id = d.scope_id)"""
TEMPORARY = """select count(*) from pg_class
    where relpersistence = 't' and relkind = 'r'"""

pytestmark = pytest.mark.django_db(transaction=True)


def write_bill(path: Path, month: int, raised: int = 0) -> None:
    """A month of RESOURCES machines, and a support fee for all of it; `raised` cents dearer on
    one machine in seven, and one machine more."""
    with path.open("w", encoding="utf-8") as out:
        out.write(",".join(FOCUS_COLUMNS) + "\n")
        fee = focus_row("", f"2026-{month:02}-01", "120.01", ServiceName="Support", InvoiceId="i1")
        fee |= {"ChargeCategory": "Tax", "ChargePeriodEnd": f"2026-{month + 1:02}-01T00:00:00Z"}
        out.write(",".join(fee.values()) + "\n")
        for n in range(RESOURCES + bool(raised)):
            tags = f'"{{""team"": ""t{n % 7}"", ""model"": ""m{n % 11}""}}"'
            cents = 100 + n + (raised if n % 7 == 0 else 0)
            for day in range(30):
                stands = date(2026, month, 1) + timedelta(days=day)
                row = focus_row(f"i-{n}", str(stands), f"{cents}.{day:02}", Tags=tags)
                for hour in range(HOURS):
                    row["ChargePeriodStart"] = f"{stands}T{hour:02}:00:00Z"
                    row["ChargePeriodEnd"] = f"{stands}T{hour + 1:02}:00:00Z"
                    out.write(",".join(row.values()) + "\n")


@pytest.fixture(scope="module")
def bills(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("bills")
    paths = [folder / name for name in KILLS]
    for path, (month, raised) in zip(paths, ((9, 0), (10, 0), (9, 5)), strict=True):
        write_bill(path, month, raised)
    return paths


@pytest.fixture(scope="module")
def undisturbed(bills, django_db_setup, django_db_blocker):
    """The content of all tables after the same loads in one process, one after the other."""
    with django_db_blocker.unblock():
        for path in bills:
            assert {result.state for result in load([path], SOURCE)} == {"published"}
            attribute()
        assert is_clean(audit())
        expected = content()
        emptying.empty()
    assert expected["charges"][0] == 30 * (2 * RESOURCES + 1) + 2
    return expected


@pytest.fixture
def redis_url(tmp_path):
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert time.monotonic() < deadline, "redis-server does not answer"
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait()


def scratch(*, folders: bool) -> bool:
    working = django_settings.AICOST_HOME / "tmp"
    return any(path.is_dir() == folders for path in working.glob("load-*"))


def reached(point: str, name: str) -> bool:
    """Whether the load of this bill is there or past it, as files, locks and rows show."""
    published = Delivery.objects.filter(name=name, state=Delivery.PUBLISHED).exists()
    if point == "fetching":
        return published or scratch(folders=False)
    if point == "staging":
        return published or scratch(folders=True)
    if point == "publishing":
        return published or answer(PUBLISHING)
    dirty_at_most = {"published": 10**9, "attributing": 27, "half attributed": 15, "attributed": 0}
    return published and answer(DIRTY_DAYS) <= dirty_at_most[point]


def cleared() -> bool:
    """As the inbox job does; the dead keep their locks until the kernel is done with them."""
    clear_scratch()
    return not scratch(folders=True) and not scratch(folders=False)


def kill_ten_times_then_finish(bills: list[Path], workers: Workers, log: Path, seed: int) -> None:
    chance = random.Random(seed)
    for path in bills:
        for nth, point in enumerate(KILLS[path.name]):
            with workers.one():
                if nth == 0:
                    wait_for(finished, "finished", log)
                    enqueue("ingest.load", {"paths": [str(path)], "source": SOURCE})
                wait_for(lambda at=point, of=path.name: reached(at, of), point, log)
                time.sleep(chance.uniform(0, LATE_SECONDS_MAX))
            assert answer(TORN) == 0
            wait_for(cleared, "rid of what the killed load left", log)
    with workers.one():
        wait_for(finished, "finished", log)


def check_nothing_is_left() -> None:
    deadline = time.monotonic() + 10  # the server notices that a client is dead
    while answer(TEMPORARY) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answer(TEMPORARY) == 0


@pytest.fixture(params=["embedded", pytest.param("redis", marks=pytest.mark.redis)])
def broker(request):
    if request.param == "redis":
        return request.getfixturevalue("redis_url")
    return broker_url(django_settings.DATABASES["default"])


@pytest.mark.parametrize("seed", SEEDS)
def test_it_loads_the_same_though_killed_ten_times(
    undisturbed, bills, broker, seed, app_at, nursery, tmp_path, monkeypatch
):
    app_at(broker)
    monkeypatch.setattr("ingest.fetch.kept._YOUNG_SECONDS", 0)
    log = tmp_path / "worker.log"
    kill_ten_times_then_finish(bills, Workers(nursery, broker, log), log, seed)
    assert content() == undisturbed
    assert is_clean(audit())
    jobs = Job.objects.exclude(kind="ingest.inbox")
    assert {job.state for job in jobs} == {Job.DONE}
    assert sum(job.tries - 1 for job in jobs) >= 7  # most kills hit a job at work
    check_nothing_is_left()
