"""Where the money came to stand, and the rollups that reports read; rebuilt per (source, day).

AllocatedCharge is partitioned by month (migration 0002).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from attribution.models.rules import AllocationRule, RuleSet
from attribution.models.targets import Target
from ingest.models import Charge, Source
from ingest.models.fields import TEXT, money


class DayState(models.Model):
    """Work state of one (source, day): dirty while dirty_version > published_version."""

    source = models.ForeignKey(Source, models.CASCADE)
    day = models.DateField()
    dirty_version = models.BigIntegerField(default=1)
    published_version = models.BigIntegerField(default=0)
    spread_version = models.BigIntegerField(default=0, db_default=0)
    reasons = ArrayField(models.TextField(), default=list)
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, null=True)
    claimed_by = models.TextField(**TEXT)
    lease_until = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    failure = models.TextField(**TEXT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="day_state_identity")]
        indexes = [
            models.Index(
                fields=["day"],
                condition=models.Q(dirty_version__gt=models.F("published_version")),
                name="day_state_dirty",
            )
        ]


class AllocationRun(models.Model):
    """One publication of one (source, day)."""

    source = models.ForeignKey(Source, models.CASCADE)
    day = models.DateField()
    rule_set = models.ForeignKey(RuleSet, models.PROTECT)
    charges = models.BigIntegerField()
    allocated_charges = models.BigIntegerField()
    seconds = models.DecimalField(max_digits=12, decimal_places=3)
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["source", "day"])]


class AllocatedCharge(models.Model):
    """One part of a charge on one target. weight/total of both stages give the exact ratio."""

    pk = models.CompositePrimaryKey("day", "charge", "stage1_target", "target")
    day = models.DateField()
    source = models.ForeignKey(Source, models.DO_NOTHING)
    charge = models.ForeignKey(Charge, models.DO_NOTHING, db_constraint=False)
    stage1_target = models.ForeignKey(Target, models.DO_NOTHING, related_name="+")
    target = models.ForeignKey(Target, models.DO_NOTHING)
    rule = models.ForeignKey(AllocationRule, models.DO_NOTHING)
    evidence = models.TextField()
    weight = models.BigIntegerField()
    total_weight = models.BigIntegerField()
    weight2 = models.BigIntegerField(null=True)
    total_weight2 = models.BigIntegerField(null=True)
    billed_cost = money()
    effective_cost = money()
    list_cost = money(null=True)
    contracted_cost = money(null=True)
    pricing_quantity = money(null=True)
    consumed_quantity = money(null=True)

    class Meta:
        db_table = "attribution_allocatedcharge"


class CostDay(models.Model):
    """The rollup all reports read; deleted and rebuilt whole per (source, day).

    The spread columns say what this row would carry of the day's ownerless idle and shared pools
    if a report asks for them; they never change the ledger.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    billing_period = models.DateField()
    source = models.ForeignKey(Source, models.CASCADE)
    currency = models.TextField()
    target = models.ForeignKey(Target, models.PROTECT)
    sub_account_id = models.TextField(**TEXT)
    service_name = models.TextField(**TEXT)
    region_id = models.TextField(**TEXT)
    charge_category = models.TextField(**TEXT)
    evidence = models.TextField()
    is_long = models.BooleanField(default=False, help_text="of charges longer than a day")
    is_month_spread = models.BooleanField(
        default=False, db_default=False, help_text="no money of its own: a share of long charges"
    )
    billed_cost = money()
    effective_cost = money()
    list_cost = money(null=True)
    contracted_cost = money(null=True)
    # What this row receives; on a pool's own row, minus what it gives away.
    idle_spread_billed = money(default=0)
    shared_spread_billed = money(default=0)
    idle_spread_effective = money(default=0)
    shared_spread_effective = money(default=0)

    class Meta:
        indexes = [models.Index(fields=["day"]), models.Index(fields=["source", "day"])]


class CostSum(models.Model):
    """CostDay summed once more, so that a question reads few rows whatever its period: by target or
    by service per day, and all three grains per month. Rebuilt with the day, the month with the
    spread of its long charges (attribution.spread); read by aicost_cost. By billing period and kind
    the day is summed for what reconciles with the bill, and what asks no more than that."""

    id = models.BigAutoField(primary_key=True)
    grain = models.TextField(
        help_text="target, service or period of a day; of weeks and months target, service and all:"
        " target_week, all_month"
    )
    day = models.DateField(help_text="of a week its Monday, of a month its first")
    source = models.ForeignKey(Source, models.DO_NOTHING, db_constraint=False)
    currency = models.TextField()
    target = models.ForeignKey(Target, models.DO_NOTHING, null=True, db_constraint=False)
    kind = models.TextField(**TEXT)
    state = models.TextField(**TEXT)
    sub_account_id = models.TextField(**TEXT)
    service_name = models.TextField(**TEXT)
    region_id = models.TextField(**TEXT)
    charge_category = models.TextField(**TEXT)
    evidence = models.TextField()
    billing_period = models.DateField(null=True, help_text="of grain period only")
    is_month_spread = models.BooleanField(default=False, db_default=False)
    billed_cost = money()
    effective_cost = money()
    idle_spread_billed = money(default=0)
    shared_spread_billed = money(default=0)
    idle_spread_effective = money(default=0)
    shared_spread_effective = money(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["grain", "source", "day"]),
            models.Index(
                fields=["billing_period"],
                condition=models.Q(grain="period"),
                name="attribution_costsum_period",
            ),
        ]


class GpuDay(models.Model):
    """GPU time and its money per resource and stage-1 target; rebuilt whole per (source, day).

    The sum of `gpu_ms` over a resource and day is its capacity (or what was observed, if more).
    `used_*` is the same money by consumption, null where it is as reserved. Of the reserved time,
    `process_ms` is where every holder told its own activity, `alone_ms` where one had the whole
    device; `sm_ms` and `gr_ms` are activity integrated over the time in which it is known.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, models.CASCADE)
    day = models.DateField()
    resource_id = models.TextField()
    instance_type = models.TextField(**TEXT)
    target = models.ForeignKey(Target, models.PROTECT)
    currency = models.TextField()
    gpu_ms = models.BigIntegerField()
    billed_cost = money()
    effective_cost = money()
    used_billed_cost = money(null=True)
    used_effective_cost = money(null=True)
    process_ms = models.BigIntegerField(default=0, db_default=0)
    alone_ms = models.BigIntegerField(default=0, db_default=0)
    sm_ms = models.BigIntegerField(null=True)
    sm_known_ms = models.BigIntegerField(default=0, db_default=0)
    gr_ms = models.BigIntegerField(null=True)
    gr_known_ms = models.BigIntegerField(default=0, db_default=0)
    # Of each hour of the day, UTC; null where no telemetry tells it, as of unobserved time.
    hours_ms = ArrayField(models.BigIntegerField(), size=24, null=True)

    class Meta:
        indexes = [models.Index(fields=["day"]), models.Index(fields=["source", "day"])]


class GpuSum(models.Model):
    """GpuDay summed over a week or a month, which reports of long periods read. Rebuilt with the
    sums of cost."""

    id = models.BigAutoField(primary_key=True)
    grain = models.TextField(help_text="week or month")
    day = models.DateField(help_text="of a week its Monday, of a month its first")
    first_day = models.DateField()
    last_day = models.DateField()
    last_seen = models.DateField(null=True)
    source = models.ForeignKey(Source, models.CASCADE)
    resource_id = models.TextField()
    instance_type = models.TextField(**TEXT)
    target = models.ForeignKey(Target, models.PROTECT)
    currency = models.TextField()
    gpu_ms = models.BigIntegerField()
    billed_cost = money()
    effective_cost = money()

    class Meta:
        indexes = [models.Index(fields=["grain", "source", "day"], name="attribution_gpusum_grain")]


class GpuHour(models.Model):
    """Idle GPU money of each hour of a day, UTC: the idle rows of GpuDay over all resources, split
    by `hours_ms`. `hour` is null where no hour is known; all hours together are the idle of
    GpuDay, exactly. Rebuilt with it."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, models.CASCADE)
    day = models.DateField()
    hour = models.SmallIntegerField(null=True)
    target = models.ForeignKey(Target, models.PROTECT)
    currency = models.TextField()
    gpu_ms = models.BigIntegerField()
    billed_cost = money()
    effective_cost = money()

    class Meta:
        indexes = [models.Index(fields=["day"]), models.Index(fields=["source", "day"])]
