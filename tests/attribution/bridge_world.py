"""Two months, August and September 2026, in which cost moves in every way there is."""

from datetime import date
from decimal import Decimal

from aicost.kernel.periods import Period
from attribution.models import CostDay, GpuDay, Target
from ingest.models import Source, UsageDay
from tests.web.world import sum_costs

D = Decimal
AUGUST = Period(date(2026, 8, 1), date(2026, 9, 1))
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
# feature, model, experiment, activity, kind, state: August, September; calls or GPU hours of both
WORLD = (
    (("search", "small", "", "inference", "workload", "active"), "60", "40", 60, 40),
    (("search", "big", "", "inference", "workload", "active"), "200", "480", 40, 120),
    (("search", "big", "", "inference", "idle", "held_idle"), "10", "25", 0, 0),
    (("search", "big", "", "storage", "workload", "active"), "3", "4.5", 0, 0),
    (("search", "big", "", "training", "workload", "active"), "100", "330", 50, 150),
    (("help", "api", "test-b", "inference", "workload", "active"), "0", "70", 0, 700),
    (("old", "api", "", "inference", "workload", "active"), "33.333333333333333333", "0", 9, 0),
    (("", "", "", "other", "idle", "unreserved"), "5", "2", 0, 0),
    (("", "", "", "other", "shared", "tax"), "7", "9", 0, 0),
    (("", "", "", "other", "unattributed", "unclaimed"), "1", "1.75", 0, 0),
)


def build(credit: int = 0) -> None:
    """`credit` came back in September for the calls of the big model."""
    bill = Source.objects.create(name="bill", kind="bill")
    calls = Source.objects.create(name="calls", kind="usage")
    for names, *amounts, before, after in WORLD:
        parts = ("feature", "model", "experiment", "activity", "kind", "state")
        target = Target.objects.create(**dict(zip(parts, names, strict=True)))
        for span, amount, quantity in zip(
            (AUGUST, SEPTEMBER), amounts, (before, after), strict=True
        ):
            day, cost = span.start, D(amount)
            if cost:
                CostDay.objects.create(day=day, billing_period=day, source=bill, currency="USD",
                                       target=target, evidence="measured", billed_cost=cost,
                                       effective_cost=cost, charge_category="Usage")  # fmt: skip
            if quantity and names[3] == "training":
                GpuDay.objects.create(source=bill, day=day, resource_id="i-1", target=target,
                                      currency="USD", gpu_ms=quantity * 3_600_000,
                                      billed_cost=cost, effective_cost=cost)  # fmt: skip
            elif quantity:
                UsageDay.objects.create(source=calls, day=day, model=names[1], feature=names[0],
                                        experiment=names[2], requests=quantity)  # fmt: skip
    if credit:
        big = Target.objects.get(model="big", activity="inference", kind="workload")
        day = SEPTEMBER.start
        CostDay.objects.create(day=day, billing_period=day, source=bill, currency="USD",
                               target=big, evidence="tagged", billed_cost=-credit,
                               effective_cost=-credit, charge_category="Credit")  # fmt: skip
    sum_costs(bill)
