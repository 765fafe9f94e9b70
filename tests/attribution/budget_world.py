"""A company whose cost is easy to foresee: from 1 June to 20 September 2026 search costs 100.00 a
day and answers 50.00, on one bill, written straight into the rollup. Search has 40,000 calls a day.
"""

from datetime import date, timedelta
from decimal import Decimal

from attribution.models import CostDay, Target
from ingest.models import UsageDay
from tests.attribution.ledger import charge, source
from tests.web.world import sum_costs

FIRST, LAST = date(2026, 6, 1), date(2026, 9, 20)
DAILY = {"search": Decimal(100), "answers": Decimal(50)}
CALLS = 40_000


def build(daily: dict[str, Decimal] | None = None) -> None:
    bill, meter = source(), source("calls", "usage")
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    for feature, cost in (daily or DAILY).items():
        target = Target.objects.create(
            kind="workload", state="active", activity="inference", feature=feature, model="m",
            team=f"{feature} people",
        )  # fmt: skip
        CostDay.objects.bulk_create(
            CostDay(day=day, billing_period=day.replace(day=1), source=bill, currency="USD",
                    target=target, evidence="measured", billed_cost=cost, effective_cost=cost)
            for day in days
        )  # fmt: skip
    UsageDay.objects.bulk_create(
        UsageDay(source=meter, day=day, model="m", feature="search", requests=CALLS) for day in days
    )
    charge("0", day=LAST)  # how far the bill reaches
    sum_costs(bill)
