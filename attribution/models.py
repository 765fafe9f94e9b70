"""Where the money came to stand. Everything here can be deleted and rebuilt from ingest.

Except rules, closes and budgets, which people write. AllocatedCharge is partitioned by month
(migration 0002).
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from ingest.models import Charge, ChargeSeries, Source
from ingest.models.fields import TEXT, money


class Target(models.Model):
    """(kind, state, activity, dimensions); '' is an empty dimension."""

    kind = models.TextField()
    state = models.TextField()
    activity = models.TextField()
    workload = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    team = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "kind",
                    "state",
                    "activity",
                    "workload",
                    "model",
                    "feature",
                    "experiment",
                    "team",
                    "environment",
                ],
                name="target_identity",
            )
        ]


class AllocationRule(models.Model):
    """One version of one rule. Versions are never edited; a change adds the next."""

    key = models.TextField(help_text="stable name of the rule over its versions")
    version = models.PositiveIntegerField()
    position = models.IntegerField(help_text="order; the first rule that matches claims a series")
    title = models.TextField()
    method = models.TextField(help_text="a module of attribution.rules")
    conditions = models.JSONField(default=list, help_text="all must hold; see docs/rules.md")
    assigns = models.JSONField(
        default=dict, help_text="dimension: constant, or tag:NAME, field:NAME"
    )
    then = models.TextField(default="nothing", help_text="nothing, requests or tokens")
    fallback = models.JSONField(default=dict, help_text="kind and state when nothing weighs")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    built_in = models.BooleanField(default=False)
    note = models.TextField(**TEXT)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="rule_version")]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


class RuleSet(models.Model):
    """The ordered rule versions in force on a day, by the sha256 of their ids."""

    sha256 = models.CharField(max_length=64, unique=True)
    rule_ids = ArrayField(models.BigIntegerField())


class SeriesClaim(models.Model):
    """Which rule of a set claims a series; rules read series, not charges, so this is small.

    `resource_rule` claims first on days on which the telemetry knows the resource; `own` are the
    dimensions that fill its parts. The other columns are the target `rule` itself names.
    """

    rule_set = models.ForeignKey(RuleSet, models.CASCADE)
    series = models.ForeignKey(ChargeSeries, models.CASCADE)
    rule = models.ForeignKey(AllocationRule, models.CASCADE, related_name="+")
    resource_rule = models.ForeignKey(AllocationRule, models.CASCADE, null=True, related_name="+")
    own = models.JSONField(default=dict)
    kind = models.TextField(**TEXT)
    state = models.TextField(**TEXT)
    activity = models.TextField(**TEXT)
    evidence = models.TextField(**TEXT)
    workload = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    team = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)
    instance_time = models.BooleanField(default=False, db_default=False)
    instance_part = models.TextField(**TEXT, help_text="what of a machine it bills; '' all of it")
    token_class = models.TextField(**TEXT)
    tokens_per_unit = models.BigIntegerField(null=True, help_text="null: quantity not in tokens")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "series"], name="series_claim_identity")
        ]


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


class GpuDay(models.Model):
    """GPU time and its money per resource and stage-1 target; rebuilt whole per (source, day).

    The sum of `gpu_ms` over a resource and day is its capacity (or what was observed, if more).
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

    class Meta:
        indexes = [models.Index(fields=["day"]), models.Index(fields=["source", "day"])]


class EstimatedCost(models.Model):
    """Hourly cost from usage and prices until the bill is final; superseded, never deleted."""

    source = models.ForeignKey(Source, models.CASCADE, help_text="the bill source it anticipates")
    usage_source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="+")
    hour = models.DateTimeField()
    target = models.ForeignKey(Target, models.PROTECT)
    provider = models.TextField(**TEXT, help_text="as the bill names it, else as the calls do")
    model = models.TextField(**TEXT, help_text="canonical; of calls")
    resource_id = models.TextField(**TEXT, help_text="of instance time")
    region = models.TextField(**TEXT)
    service_tier = models.TextField(**TEXT)
    context_over = models.BigIntegerField(default=0, db_default=0)
    token_class = models.TextField(**TEXT, help_text="a class of price, or instance_hours")
    quantity = money()
    unit_price = models.DecimalField(max_digits=60, decimal_places=30, null=True)
    price_basis = models.TextField(help_text="contract, last_billed or list; empty: unpriced")
    price_origin = models.TextField(**TEXT)
    estimated_cost = money(null=True, help_text="null: unpriced, which is not zero")
    currency = models.TextField()
    made_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    superseded_at = models.DateTimeField(null=True)
    superseded_by = models.TextField(**TEXT, help_text="bill, or estimate when made anew")

    class Meta:
        indexes = [
            models.Index(fields=["source", "hour"]),
            models.Index(
                fields=["hour"],
                condition=models.Q(superseded_at=None),
                name="estimated_cost_live",
            ),
        ]


class EstimatedDay(models.Model):
    """What reports read of the estimates in force: their sum per day; rebuilt whole per day."""

    day = models.DateField()
    source = models.ForeignKey(Source, models.CASCADE)
    target = models.ForeignKey(Target, models.PROTECT)
    provider = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    resource_id = models.TextField(**TEXT)
    currency = models.TextField()
    estimated_cost = money(null=True, help_text="null: nothing of it is priced")

    class Meta:
        indexes = [models.Index(fields=["day"])]


class MonthClose(models.Model):
    """A closed charge month; its reported edition is kept and its inputs are pinned."""

    month = models.DateField()
    closed_at = models.DateTimeField(auto_now_add=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(**TEXT)
    pinned = models.JSONField(default=dict, help_text="rule set, maps, aliases, prices, rates")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month"],
                condition=models.Q(reopened_at__isnull=True),
                name="month_closed_once",
            )
        ]
