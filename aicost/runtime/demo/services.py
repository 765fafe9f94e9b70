"""What an AI bill holds beside instances: checkpoints, transfer, disks, logs, a scratch bucket."""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from aicost.kernel.periods import month_of
from aicost.runtime.demo import company as c
from aicost.runtime.demo.story import Story

CENTS_10 = Decimal("0.0000000001")


@dataclass(frozen=True)
class Item:
    """One line of a bill on one day. `rate` is USD a unit; cost = amount × rate, ten decimals."""

    day: date
    code: str
    name: str
    usage_type: str
    operation: str
    resource: str
    amount: Decimal
    unit: str
    rate: Decimal
    account: str = c.PRODUCTION
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def cost(self) -> Decimal:
        return (self.amount * self.rate).quantize(CENTS_10, ROUND_HALF_EVEN)


CHECKPOINTS = "mf-checkpoints"
SCRATCH = "mf-scratch"
# USD a day in the middle of each month.
_CHECKPOINT_COST = (14, 24, 34, 60, 96, 146)
_SCRATCH_COST = (8, 10, 11, 13, 16, 20)
_TRANSFER_COST = (14, 20, 30, 38, 50, 62)
_LOGS_COST = (11, 14, 18, 22, 30, 38)
_CREDIT_A_DAY = Decimal("48.39")


def daily_items(story: Story, day: date) -> list[Item]:
    """All lines of the main account on one day but instances, fees, support and tax."""
    days = month_of(day).length_days
    s3 = ("AmazonS3", "Amazon Simple Storage Service", "TimedStorage-ByteHrs", "StandardStorage")
    rate = Decimal("0.023")
    owner = {"team": "relevance", "model": "rank-v3", "feature": c.RECOMMENDATIONS}
    owner["environment"] = "prod"
    serve = {**owner, "activity": "network"}
    del serve["model"]
    ec2 = ("AmazonEC2", "Amazon Elastic Compute Cloud")
    return [
        Item(
            day,
            *s3,
            CHECKPOINTS,
            _gb(story, day, _CHECKPOINT_COST, rate),
            "GB-Mo",
            rate,
            tags=owner,
        ),
        Item(day, *s3, SCRATCH, _gb(story, day, _SCRATCH_COST, rate), "GB-Mo", rate),
        Item(
            day,
            *ec2,
            "DataTransfer-Regional-Bytes",
            "InterZone-Out",
            c.resource_id("rec-serve-01"),
            _gb(story, day, _TRANSFER_COST, Decimal("0.01")),
            "GB",
            Decimal("0.01"),
            tags=serve,
        ),
        Item(
            day,
            "AmazonCloudWatch",
            "AmazonCloudWatch",
            "DataProcessing-Bytes",
            "PutLogEvents",
            "log-group:/ml/serving",
            _gb(story, day, _LOGS_COST, Decimal("0.5")),
            "GB",
            Decimal("0.5"),
            tags={"team": "platform", "environment": "prod"},
        ),
        Item(
            day,
            *ec2,
            "EBS:VolumeUsage.gp3",
            "CreateVolume-Gp3",
            "vol-0f21c6a8d4b7e3910",
            (Decimal(3840) / days).quantize(Decimal("0.000001")),
            "GB-Mo",
            Decimal("0.08"),
            account=c.RESEARCH,
            tags={"team": "relevance", "environment": "research"},
        ),
    ]


def _gb(story: Story, day: date, costs: tuple[float, ...], rate: Decimal) -> Decimal:
    """The quantity of a day whose cost follows the curve."""
    dollars = Decimal(f"{story.curve(day, costs):.4f}")
    return (dollars / rate).quantize(Decimal("0.0001"))


def credit(story: Story, day: date) -> Decimal:
    """A start-up credit that lasted for the second and third month. Negative or zero."""
    return -_CREDIT_A_DAY if story.month_index(day) in (1, 2) else Decimal(0)


def untagged_items(story: Story, day: date) -> list[Item]:
    """The account of a bought company: nothing tagged, nobody asked."""
    machines = (1, 2, 2, 3, 4, 5)[story.month_index(day)]
    ec2 = ("AmazonEC2", "Amazon Elastic Compute Cloud")
    items = [
        Item(
            day,
            *ec2,
            "BoxUsage:c6i.4xlarge",
            "RunInstances",
            c.resource_id(f"atelier-{n}"),
            Decimal(24),
            "Hrs",
            Decimal("0.68"),
            c.UNTAGGED_ACCOUNT,
        )
        for n in range(machines)
    ]
    disk = (Decimal(2600 + 40 * machines) / month_of(day).length_days).quantize(Decimal("0.0001"))
    for usage, operation, resource, amount, unit, rate in (
        ("EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "vol-09a3", disk, "GB-Mo", Decimal("0.08")),
        ("NatGateway-Hours", "NatGateway", "nat-05c7", Decimal(24), "Hrs", Decimal("0.045")),
    ):
        items.append(
            Item(day, *ec2, usage, operation, resource, amount, unit, rate, c.UNTAGGED_ACCOUNT)
        )
    return items
