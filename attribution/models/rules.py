"""Rules people write, the sets of them in force, and which rule claims which series."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ingest.models import ChargeSeries
from ingest.models.fields import TEXT

UNINDEXED = {"db_constraint": False, "db_index": False}


class AllocationRule(models.Model):
    """One version of one rule. Versions are never edited; a change adds the next."""

    key = models.TextField(help_text="stable name of the rule over its versions")
    version = models.PositiveIntegerField()
    position = models.IntegerField(help_text="order; the first rule that matches claims a series")
    title = models.TextField()
    method = models.TextField(help_text="a module of attribution.rules")
    conditions = models.JSONField(default=list, help_text="all must hold; see docs/rules.md")
    assigns = models.JSONField(
        default=dict, help_text="dimension: constant, or tag:NAME, field:NAME, capture:NAME"
    )
    then = models.TextField(default="nothing", help_text="nothing, requests or tokens")
    fallback = models.JSONField(default=dict, help_text="kind and state when nothing weighs")
    sources = ArrayField(
        models.TextField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="names of the bill sources it is about; empty for all",
    )
    options = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="parameters of the method",
    )
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
    names_sha256 = models.CharField(
        max_length=64, default="", db_default="", help_text="of the aliases and words alone"
    )


class SeriesClaim(models.Model):
    """Which rule of a set claims a series; rules read series, not charges, so this is small.

    `resource_rule` claims first on days on which the telemetry knows the resource and its GPUs,
    `pod_rule` on those on which it knows the pods of a machine without; `own` are the dimensions
    that fill their parts. The other columns are the target `rule` itself names.

    References are not checked: rule sets, rules and series are never deleted, and to look each of
    them up took half of the time that writing claims took.
    """

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, **UNINDEXED)  # identity begins with it
    series = models.ForeignKey(ChargeSeries, models.CASCADE, db_constraint=False)
    rule = models.ForeignKey(AllocationRule, models.CASCADE, db_constraint=False, related_name="+")
    resource_rule = models.ForeignKey(
        AllocationRule, models.CASCADE, null=True, related_name="+", **UNINDEXED
    )
    pod_rule = models.ForeignKey(
        AllocationRule, models.CASCADE, null=True, related_name="+", **UNINDEXED
    )
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
    # Tokens a minute that one unit of provisioned throughput serves; null: not known, not served.
    input_per_minute = models.BigIntegerField(null=True)
    output_per_minute = models.BigIntegerField(null=True)
    bucket = models.TextField(**TEXT, help_text="whose bytes it bills; '' is no such charge")
    storage_class = models.TextField(**TEXT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "series"], name="series_claim_identity")
        ]
