"""The AWS bill: a legacy cost and usage report, a folder a month, as S3 delivers it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path

from aicost.kernel.money import plain
from aicost.kernel.periods import month_start, next_month
from aicost.runtime.demo import company as c
from aicost.runtime.demo import cur
from aicost.runtime.demo.fleet import PLAN, SPOT, Fleet, Node
from aicost.runtime.demo.services import CENTS_10, Item, credit, daily_items
from aicost.runtime.demo.story import Story, date_of_hour, hour_number
from aicost.runtime.demo.training import spot_price

SOURCE = "aws"
EC2 = {"lineItem/ProductCode": "AmazonEC2", "product/ProductName": "Amazon Elastic Compute Cloud"}
EC2 |= {"product/servicecode": "AmazonEC2", "lineItem/Operation": "RunInstances"}
PLANS = {
    n: f"arn:aws:savingsplans::{c.PAYER}:savingsplan/6d0b4e1c-58a7-4c1d-9f5e-20000000000{n}"
    for n in (1, 2)
}


@dataclass(frozen=True)
class NodeDay:
    """Billed hours of a node on a day, sorted, and their price. Costs in USD an hour."""

    node: Node
    day: date
    hours: tuple[int, ...]
    demand: Decimal
    effective: Decimal

    @property
    def effective_cost(self) -> Decimal:
        return self.effective * len(self.hours)


def node_days(story: Story, fleet: Fleet) -> list[NodeDay]:
    """Every node and day with billed hours; also what the truth is computed from."""
    hours: dict[tuple[date, Node], list[int]] = defaultdict(list)
    for life in fleet.lives:
        for hour in range(life.start, life.end):
            hours[date_of_hour(hour), life.node].append(hour)
    days = []
    for (day, node), at in hours.items():
        price = spot_price(story, day) if node.pricing == SPOT else node.kind.demand
        effective = node.kind.plan if node.pricing == PLAN else price
        days.append(NodeDay(node, day, tuple(sorted(at)), price, effective))
    return sorted(days, key=lambda each: (each.day, each.node.name))


@cache
def _instance(node: Node) -> dict[str, str]:
    """The columns of a node that never change."""
    spot = node.pricing == SPOT
    usage = f"{'SpotUsage' if spot else 'BoxUsage'}:{node.kind.name}"
    covered = {"savingsPlan/SavingsPlanARN": PLANS[node.plan]} if node.plan else {}
    return (
        EC2
        | covered
        | {
            "lineItem/LineItemType": "SavingsPlanCoveredUsage" if node.plan else "Usage",
            "lineItem/UsageAccountId": node.account,
            "lineItem/UsageType": usage,
            "lineItem/ResourceId": node.resource_id,
            "lineItem/AvailabilityZone": f"{c.REGION}a",
            "lineItem/LineItemDescription": f"Linux/UNIX {node.kind.name} instance-hour",
            "product/instanceType": node.kind.name,
            "product/instanceFamily": "GPU instance",
            "product/productFamily": "Compute Instance",
            "product/vcpu": str(node.kind.vcpu),
            "product/sku": cur.sku(usage),
            "pricing/term": "Spot" if spot else "OnDemand",
            "pricing/unit": "Hrs",
            "resourceTags/user:team": node.team,
            "resourceTags/user:environment": node.environment,
            "resourceTags/user:nodegroup": node.group,
        }
    )


def _instance_rows(days: list[NodeDay]) -> Iterator[dict[str, str]]:
    for each in days:
        node, price = each.node, plain(each.demand)
        public = plain(node.kind.demand)
        money = {
            "lineItem/UsageAmount": "1",
            "lineItem/UnblendedRate": price,
            "lineItem/UnblendedCost": price,
            "lineItem/BlendedRate": price,
            "lineItem/BlendedCost": price,
            "pricing/publicOnDemandRate": public,
            "pricing/publicOnDemandCost": public,
        }
        if node.plan:
            money["savingsPlan/SavingsPlanRate"] = plain(node.kind.plan)
            money["savingsPlan/SavingsPlanEffectiveCost"] = plain(node.kind.plan)
        for hour in each.hours:
            yield _instance(node) | money | cur.time(hour, hour + 1)


def _plan_rows(days: list[NodeDay]) -> Iterator[dict[str, str]]:
    """Each hour of a plan: the negation of what it covered, and its fee with what it used."""
    for each in days:
        plan, kind = each.node.plan, each.node.kind
        if not plan:
            continue
        usage = f"BoxUsage:{kind.name}"
        negation = EC2 | {
            "lineItem/LineItemType": "SavingsPlanNegation",
            "lineItem/UsageAccountId": each.node.account,
            "lineItem/UsageType": usage,
            "lineItem/UsageAmount": "1",
            "lineItem/UnblendedRate": plain(kind.demand),
            "lineItem/UnblendedCost": plain(-kind.demand),
            "lineItem/LineItemDescription": f"SavingsPlanNegation used by {each.node.account}",
            "product/instanceType": kind.name,
            "product/sku": cur.sku(usage),
            "savingsPlan/SavingsPlanARN": PLANS[plan],
        }
        fee = {
            "lineItem/LineItemType": "SavingsPlanRecurringFee",
            "lineItem/UsageAccountId": c.PAYER,
            "lineItem/ProductCode": "ComputeSavingsPlans",
            "product/ProductName": "Savings Plans for AWS Compute usage",
            "lineItem/UsageType": "ComputeSP:1yrNoUpfront",
            "lineItem/ResourceId": PLANS[plan],
            "lineItem/UsageAmount": "1",
            "lineItem/UnblendedCost": plain(c.PLAN_COMMITMENT_AN_HOUR),
            "lineItem/LineItemDescription": "1 year No Upfront Compute Savings Plan",
            "savingsPlan/SavingsPlanARN": PLANS[plan],
            "savingsPlan/TotalCommitmentToDate": plain(c.PLAN_COMMITMENT_AN_HOUR),
            "savingsPlan/UsedCommitment": plain(kind.plan),
        }
        for hour in each.hours:
            yield negation | cur.time(hour, hour + 1)
            yield fee | cur.time(hour, hour + 1)


def _item_row(item: Item) -> dict[str, str]:
    tags = {f"resourceTags/user:{key}": value for key, value in item.tags.items()}
    start = hour_number(item.day)
    return (
        cur.time(start, start + 24)
        | tags
        | {
            "lineItem/LineItemType": "Usage",
            "lineItem/UsageAccountId": item.account,
            "lineItem/ProductCode": item.code,
            "product/ProductName": item.name,
            "product/servicecode": item.code,
            "product/sku": cur.sku(item.usage_type),
            "lineItem/UsageType": item.usage_type,
            "lineItem/Operation": item.operation,
            "lineItem/ResourceId": item.resource,
            "lineItem/UsageAmount": plain(item.amount),
            "lineItem/UnblendedRate": plain(item.rate),
            "lineItem/UnblendedCost": plain(item.cost),
            "lineItem/LineItemDescription": f"${plain(item.rate)} per {item.unit}",
            "pricing/publicOnDemandCost": plain(item.cost),
            "pricing/publicOnDemandRate": plain(item.rate),
            "pricing/term": "OnDemand",
            "pricing/unit": item.unit,
        }
    )


def day_cost(story: Story, days: list[NodeDay], day: date) -> Decimal:
    """What the day's usage costs before tax, support and credit; billed and effective alike."""
    fees = sum(len(each.hours) for each in days if each.node.plan) * c.PLAN_COMMITMENT_AN_HOUR
    nodes = sum((x.demand * len(x.hours) for x in days if not x.node.plan), Decimal(0))
    return fees + nodes + sum((item.cost for item in daily_items(story, day)), Decimal(0))


def day_tax(story: Story, days: list[NodeDay], day: date) -> Decimal:
    return (day_cost(story, days, day) * c.TAX_RATE).quantize(CENTS_10, ROUND_HALF_EVEN)


def _overhead_rows(story: Story, days: list[NodeDay], day: date) -> Iterator[dict[str, str]]:
    start = hour_number(day)
    shared = {"lineItem/UsageAccountId": c.PAYER, "lineItem/UsageAmount": "1"}
    yield (
        shared
        | cur.time(start, start + 24)
        | {
            "lineItem/LineItemType": "Tax",
            "lineItem/ProductCode": "AmazonEC2",
            "lineItem/TaxType": "USSalesTax",
            "lineItem/UnblendedCost": plain(day_tax(story, days, day)),
            "lineItem/LineItemDescription": "Tax for product code AmazonEC2",
        }
    )
    if credit(story, day):
        yield (
            shared
            | cur.time(start, start + 24)
            | {
                "lineItem/LineItemType": "Credit",
                "lineItem/ProductCode": "AmazonEC2",
                "lineItem/UnblendedCost": plain(credit(story, day)),
                "lineItem/LineItemDescription": "AWS Activate credit",
            }
        )
    if day == month_start(day):
        yield (
            shared
            | cur.time(start, hour_number(next_month(day)))
            | {
                "lineItem/LineItemType": "Fee",
                "lineItem/ProductCode": "AWSSupportBusiness",
                "product/ProductName": "AWS Support (Business)",
                "lineItem/UsageType": "AWSSupportBusiness",
                "lineItem/UnblendedCost": plain(story.monthly_support(day)),
                "lineItem/LineItemDescription": "AWS Support (Business)",
            }
        )


def write_aws(story: Story, folder: Path, fleet: Fleet) -> int:
    """bills/aws/…: a folder a month with its manifest; returns the lines of all current files."""
    by_day: dict[date, list[NodeDay]] = defaultdict(list)
    for each in node_days(story, fleet):
        by_day[each.day].append(each)
    lines = 0
    for month in story.written_months:
        rows: list[dict[str, str]] = []
        for day in (day for day in story.days if month_start(day) == month):
            rows += _instance_rows(by_day[day])
            rows += _plan_rows(by_day[day])
            rows += map(_item_row, daily_items(story, day))
            rows += _overhead_rows(story, by_day[day], day)
        superseded = rows[: len(rows) // 3] if month == story.restated_month else None
        cur.write_month(folder, month, month < story.months[-1], rows, superseded)
        lines += len(rows)
    return lines
