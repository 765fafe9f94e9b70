"""A month of charges split eight ways: as the product is set, by one worker, by two, and anew after
a rule change.

SIZE charges over 30 days, each of a series of its own tag and model; the calls of every model come
from eight features, so that stage 2 makes eight parts of a charge. The limits are one
CREATE TABLE AS of the same join without exactness, and COPY of the rows that came out. Every run
leaves as many dead rows as it writes: before one worker and two are timed against each other, and
before the rule change, they are vacuumed away and written out, so that all three begin alike.
"""

from datetime import date
import subprocess
import sys
import tempfile
import time

from django.db import connection

from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from aicost.runtime.bench.registry import Measured
from aicost.runtime.bench.run import peak_mb
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.claims import ensure_builtin_rules
from attribution.models import AllocationRule
from ingest.models import ChangedDay, Delivery, Scope, Source
from ingest.partitions import ensure_partitions
from ingest.publish import sum_bill_days

NAME = "attribute"
SIZE = 1_000_000
MONTH = Period(date(2026, 9, 1), date(2026, 10, 1))
MODELS = 400
# What a run writes anew.
WRITTEN = ("attribution_allocatedcharge", "attribution_costday", "attribution_costsum")


def run(size: int) -> list[Measured]:
    build(size)
    limit = _plain()
    usual = _timed(attribute)
    if not is_clean(audit()):
        raise RuntimeError("the ledger of the bench is not whole")
    copied = copy_seconds()
    alone, two = (_settled(lambda n=n: _workers(n)) for n in (1, 2))
    _change_rule()
    again = _settled(attribute)
    return [
        Measured("attribute: month, as set (2 threads)", size, usual, limit, peak_mb()),
        Measured("attribute: … against COPY of its rows", size, usual, copied),
        Measured("attribute: all of it again, one worker of one thread", size, alone, limit),
        Measured("attribute: … two workers against one", size, two, alone),
        Measured("attribute: again after a rule change", size, again, limit, peak_mb()),
    ]


def build(size: int) -> None:
    """The bill, the calls and what they belong to, straight into the tables."""
    ensure_builtin_rules()
    days = list(MONTH.days())
    ensure_partitions("ingest_charge", days)
    bill = Source.objects.create(name="bench bill", kind="bill")
    calls = Source.objects.create(name="bench calls", kind="usage")
    scope = Scope.objects.create(source=bill, part="2026-09")
    delivery = Delivery.objects.create(
        source=bill, scope=scope, name="bench", state="published", set_sha256="0" * 64
    )
    period = {"start": MONTH.start, "end": MONTH.end}
    _execute("month_series", source=bill.pk, per_day=size // len(days), models=MODELS)
    _execute("month_charges", source=bill.pk, scope=scope.pk, delivery=delivery.pk, **period)
    _execute("month_calls", source=calls.pk, models=MODELS, **period)
    sum_bill_days(bill, days)
    ChangedDay.objects.bulk_create(ChangedDay(source=bill, day=day, what="charges") for day in days)
    for table in ("ingest_chargeseries", "ingest_charge", "ingest_usageday"):
        _execute_text(f"analyze {table}")


def _plain() -> float:
    _execute_text("set work_mem = '128MB'")
    seconds = _timed(lambda: _execute("month_plain"))
    _execute_text("reset work_mem; drop table bench_plain")
    return seconds


def copy_seconds(which: str = "") -> float:
    """Seconds to COPY allocated rows into an empty table of the same columns and indexes."""
    _execute_text("create table bench_copy (like attribution_allocatedcharge including all)")
    rows = f"select * from attribution_allocatedcharge {which}"
    with tempfile.NamedTemporaryFile() as kept, connection.cursor() as cursor:
        with cursor.copy(f"copy ({rows}) to stdout") as out:
            for block in out:
                kept.write(block)
        kept.seek(0)
        began = time.perf_counter()
        with cursor.copy("copy bench_copy from stdin") as copied:
            while block := kept.read(1 << 20):
                copied.write(block)
        seconds = time.perf_counter() - began
    _execute_text("drop table bench_copy")
    return seconds


def _workers(count: int) -> None:
    """The month anew by so many processes of one thread each, as machines would do it."""
    _execute_text("update attribution_daystate set dirty_version = dirty_version + 1")
    code = (
        "import django; django.setup();"
        "from django.conf import settings; from django.db import connection;"
        f"settings.DATABASES['default']['NAME'] = {connection.settings_dict['NAME']!r};"
        "connection.settings_dict['NAME'] = settings.DATABASES['default']['NAME'];"
        "settings.AICOST_ATTRIBUTION_THREADS = 1;"
        "from attribution.allocate import attribute; attribute()"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    ended = [worker.wait() for worker in workers]
    if any(ended):
        raise RuntimeError("a worker of the bench failed")


def _change_rule() -> None:
    """A rule that claims a tenth of the series, with what a person would write."""
    AllocationRule.objects.create(
        key="bench",
        version=1,
        position=650,
        title="Accounts of data engineering",
        method="direct",
        conditions=[{"field": "sub_account_id", "op": "is", "value": "acc-3"}],
        assigns={"team": "data-eng"},
    )


def _timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _settled(work) -> float:
    """As `_timed`, over tables without the dead rows of the run before, all of it on disk."""
    for table in WRITTEN:
        _execute_text(f"vacuum {table}")
    _execute_text("checkpoint")
    return _timed(work)


def _execute(name: str, **binds) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.runtime.bench", name), binds)


def _execute_text(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)
