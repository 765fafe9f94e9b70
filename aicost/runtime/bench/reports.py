"""Reports over a year of SIZE allocated charges, written straight into the tables: a week, a
quarter and the year, each question as a page puts it, with freshness and residual. Beside it what
COPY takes for a day of the same rows."""

from dataclasses import replace
from datetime import date, timedelta
import time

from django.db import connection, transaction

from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from aicost.runtime.bench.attribute import copy_seconds
from aicost.runtime.bench.registry import Measured, p95
from aicost.runtime.webserver import settle
from attribution.claims import ensure_builtin_rules
from attribution.models import AllocationRule, DayState, RuleSet, Target
from attribution.reports import run as run_report
from attribution.reports.spec import Asker, Spec
from attribution.spread import spread_months
from ingest.models import BillDay, Delivery, Source
from ingest.partitions import ensure_partitions

NAME = "reports"
SIZE = 100_000_000
YEAR = Period(date(2025, 9, 1), date(2026, 9, 1))
PARTS = 8
# Length of the period in days -> the step of its chart.
STEPS = {7: "day", 90: "week", 365: "month"}
ROUNDS = 8
QUESTIONS = (
    ("feature",),
    ("model",),
    ("team",),
    ("service",),
    ("kind", "state"),
    ("account", "region"),
    ("feature", "team"),
)


def run(size: int) -> list[Measured]:
    build(size)
    copied = copy_seconds(f"where day = '{YEAR.start}'")
    settle()  # as in the web server
    rows = [
        Measured("reports: COPY of one day's rows", size // YEAR.length_days, copied),
    ]
    for length in STEPS:
        period = Period(YEAR.end - timedelta(days=length), YEAR.end)
        seconds = sorted(s for groups in QUESTIONS for s in _asked(period, groups))
        rows.append(Measured(f"reports: {length} days, median", size, seconds[len(seconds) // 2]))
        rows.append(Measured(f"reports: {length} days, 95th percentile", size, p95(seconds)))
    rows.append(Measured("reports: 365 days by feature and service", size, _wide()))
    return rows


def build(size: int, accounts: int = 40) -> None:
    """Targets, a year of the ledger day by day, its rollup and sums. With 40 accounts each endpoint
    stands on one of them, with 80 on two: then the rollup has as many rows as the ledger, up to
    1.1 million."""
    ensure_builtin_rules()
    days = list(YEAR.days())
    source = Source.objects.create(name="bench bill", kind="bill")
    Delivery.objects.create(
        source=source,
        name="bench",
        state="published",
        set_sha256="0" * 64,
        first_day=days[0],
        last_day=days[-1],
    )
    ensure_partitions("attribution_allocatedcharge", days)
    _execute("aicost.runtime.bench", "reports_targets")
    rule_set = RuleSet.objects.create(sha256="0" * 64, rule_ids=[])
    charges = size // PARTS // len(days)
    binds = {
        "source": source.pk,
        "rule": AllocationRule.objects.order_by("id").first().pk,
        # The first of those made here: the demo company may have some already.
        "target": Target.objects.filter(workload="endpoint-0").order_by("id").first().pk,
        "charges": charges,
        "accounts": accounts,
    }
    for nth, day in enumerate(days):
        with transaction.atomic():
            given = binds | {"day": day, "first": nth * charges}
            for name in ("reports_day", "reports_rollup"):
                _execute("aicost.runtime.bench", name, **given)
            for name in ("day_sums_target", "day_sums_service", "day_sums_period"):
                _execute("attribution.sql", name, **given)
            DayState.objects.create(source=source, day=day, published_version=1, rule_set=rule_set)
    _bill_days(source)
    spread_months()
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def _bill_days(source: Source) -> None:
    """The bill is what the ledger says, so that the residual is 0."""
    _execute("aicost.runtime.bench", "reports_bill", source=source.pk)
    assert BillDay.objects.filter(source=source).count() == YEAR.length_days


def _asked(period: Period, groups: tuple[str, ...]) -> list[float]:
    """Seconds of each round: the table and the chart, with what the page says of them; the first
    round warms and does not count."""
    table = Spec("cost", period, Asker("admin"), group_by=groups)
    step = STEPS[period.length_days]
    seconds = []
    for _ in range(ROUNDS + 1):
        for spec in (table, replace(table, granularity=step, group_by=groups[:1])):
            began = time.perf_counter()
            answer = run_report(spec)
            if answer.residual or not answer.rows or answer.as_of is None:
                raise RuntimeError(f"the ledger of the bench does not answer: {answer.residual}")
            seconds.append(time.perf_counter() - began)
    return seconds[2:]


def _wide() -> float:
    spec = Spec("cost", YEAR, Asker("admin"), group_by=("feature", "service"))
    run_report(spec)
    began = time.perf_counter()
    run_report(spec)
    return time.perf_counter() - began


def _execute(package: str, name: str, **binds) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql(package, name), binds)
