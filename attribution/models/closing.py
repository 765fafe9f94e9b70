"""Closed months: what was reported, and what was pinned. Nothing here is ever edited: triggers
refuse it (migration 0016), and a month closed again is another edition.

The rows of maps, aliases, prices and rates that a close pins stand in tables named
attribution_pinned_*, each with the columns of its table in ingest and the id of the close.
"""

from django.conf import settings
from django.db import models

from attribution.models.rules import RuleSet
from attribution.models.targets import Target
from ingest.models import Source
from ingest.models.fields import TEXT, money


class PinnedWords(models.Model):
    """The vocabulary as it stood at a close, by its digest: name of a file -> its whole text."""

    sha256 = models.CharField(max_length=64, unique=True)
    texts = models.JSONField()


class MonthClose(models.Model):
    """One edition of a closed charge month; open while it was not reopened."""

    month = models.DateField()
    edition = models.PositiveIntegerField(default=1, help_text="of this month, from 1")
    closed_at = models.DateTimeField(auto_now_add=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    why_anyway = models.TextField(**TEXT, help_text="why it was closed in spite of what blocked it")
    blockers = models.JSONField(default=list, help_text="what blocked it and was passed over")
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(**TEXT, help_text="why it was reopened")
    words = models.ForeignKey(PinnedWords, models.PROTECT, null=True)
    pinned = models.JSONField(default=dict, help_text="what was reported and pinned, in numbers")
    sealed = models.BooleanField(default=False, help_text="all of it is in; nothing is added")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month"],
                condition=models.Q(reopened_at__isnull=True),
                name="month_closed_once",
            ),
            models.UniqueConstraint(fields=["month", "edition"], name="month_close_edition"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}, edition {self.edition}"


class PinnedRuleSet(models.Model):
    """The rule set under which a day of a closed month is attributed, whatever rules say now."""

    close = models.ForeignKey(MonthClose, models.PROTECT)
    day = models.DateField()
    rule_set = models.ForeignKey(RuleSet, models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["close", "day"], name="pinned_rule_set_identity")
        ]


class ReportedCost(models.Model):
    """A row of the rollup as it stood when its month was closed; columns as CostDay's."""

    id = models.BigAutoField(primary_key=True)
    close = models.ForeignKey(MonthClose, models.PROTECT)
    day = models.DateField()
    billing_period = models.DateField()
    source = models.ForeignKey(Source, models.PROTECT)
    currency = models.TextField()
    target = models.ForeignKey(Target, models.PROTECT)
    sub_account_id = models.TextField(**TEXT)
    service_name = models.TextField(**TEXT)
    region_id = models.TextField(**TEXT)
    charge_category = models.TextField(**TEXT)
    evidence = models.TextField()
    is_long = models.BooleanField(default=False)
    is_month_spread = models.BooleanField(default=False)
    billed_cost = money()
    effective_cost = money()
    list_cost = money(null=True)
    contracted_cost = money(null=True)
    idle_spread_billed = money(default=0)
    shared_spread_billed = money(default=0)
    idle_spread_effective = money(default=0)
    shared_spread_effective = money(default=0)

    class Meta:
        indexes = [models.Index(fields=["close", "day"])]
