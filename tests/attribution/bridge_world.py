"""Two months, August and September 2026, in which cost moves in every way there is."""

from datetime import date
from decimal import Decimal
from itertools import product
from random import Random

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


def build_months() -> None:
    """Five months of 24 names in which cost, calls and GPU hours come and go at random."""
    dice = Random(11)
    bill = Source.objects.create(name="bill", kind="bill")
    calls = Source.objects.create(name="calls", kind="usage")
    months = [date(2026, month, 1) for month in range(5, 10)]
    kinds = (("workload", "active", "inference"), ("workload", "active", "training"),
             ("workload", "active", "storage"), ("idle", "held_idle", "inference"))  # fmt: skip
    for feature, model, (kind, state, activity) in product(("a", "b", ""), ("m", "n"), kinds):
        names = {"feature": feature, "model": model, "activity": activity}
        target = Target.objects.create(**names, kind=kind, state=state)
        for first in months:
            if dice.random() < 0.3:
                continue
            day = first.replace(day=dice.choice([1, 1, 9, 28]))
            for category, part in (("Usage", 1), ("Credit", -4)):
                cost = D(dice.randrange(10**20)) / 10**18 / part
                if category == "Credit" and dice.random() < 0.8:
                    continue
                CostDay.objects.create(day=day, billing_period=first, source=bill, currency="USD",
                                       target=target, evidence="measured", billed_cost=cost * 2,
                                       effective_cost=cost, charge_category=category)  # fmt: skip
            if activity == "training":
                GpuDay.objects.create(source=bill, day=day, resource_id="i", target=target,
                                      currency="USD", gpu_ms=dice.randrange(1, 10**9),
                                      billed_cost=1, effective_cost=1)  # fmt: skip
            elif kind == "workload" and dice.random() < 0.7:
                UsageDay.objects.create(source=calls, day=day, model=model, feature=feature,
                                        requests=dice.randrange(1, 10**6),
                                        input_tokens=dice.randrange(10**9))  # fmt: skip
    sum_costs(bill)
