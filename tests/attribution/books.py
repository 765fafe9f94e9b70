"""What the tests of finance share: rows of the rollup, revenue, questions and their sums."""

from datetime import date
from decimal import Decimal

from django.db import connection

from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from attribution.models import CostDay, CostSum, DayState, Target
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import Revenue
from tests.attribution.ledger import delivery, source

D = Decimal
AUGUST = Period(date(2026, 8, 1), date(2026, 9, 1))
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
SUMMER = Period(date(2026, 8, 1), date(2026, 10, 1))
FINANCE = Asker("finance")


def ask(report: str, period: Period = SEPTEMBER, asker: Asker = FINANCE, **more) -> list[dict]:
    return run(Spec(report, period, asker, **more)).rows


def by(rows: list[dict], *names: str, of: str = "cost") -> dict:
    """Sums of a column by one name, or by several as a tuple."""
    found: dict = {}
    for row in rows:
        key = row[names[0]] if len(names) == 1 else tuple(row[name] for name in names)
        found[key] = found.get(key, D(0)) + (row[of] or D(0))
    return found


def stand(day: date, amount, *, billed_in: date | None = None, **target) -> CostDay:
    """One row of the rollup on a target; effective = billed, USD, source aws."""
    told = {"kind": "workload", "state": "active", "activity": "inference", **target}
    spreads = {name: told.pop(name) for name in list(told) if name.endswith("_spread")}
    made, _ = Target.objects.get_or_create(**told)
    both = {f"{name}_{basis}": D(value) for name, value in spreads.items()
            for basis in ("billed", "effective")}  # fmt: skip
    row = CostDay.objects.create(
        day=day, billing_period=billed_in or day.replace(day=1), source=source("aws"),
        currency="USD", target=made, service_name="Compute", charge_category="Usage",
        evidence="measured", billed_cost=D(amount), effective_cost=D(amount), **both,
    )  # fmt: skip
    add_up(day)
    return row


def add_up(day: date) -> None:
    """What publishing a day adds to its rows: their sums, and that it is published."""
    CostSum.objects.filter(day=day).delete()
    DayState.objects.get_or_create(source=source("aws"), day=day, defaults={"published_version": 1})
    with connection.cursor() as cursor:
        values = {"source": source("aws").pk, "day": day}
        for name in ("day_sums_target", "day_sums_service", "day_sums_period"):
            cursor.execute(sql("attribution.sql", name), values)


def revenue(day: date, amount, **more) -> None:
    of = source("business", "business")
    told = {"currency": "USD", **more}
    Revenue.objects.create(source=of, delivery=delivery(of), day=day, amount=D(amount), **told)


def nonzero(found: dict) -> dict:
    return {key: value for key, value in found.items() if value}
