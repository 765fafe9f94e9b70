"""What measurements and prices say before the bill does."""

from django.db import models
from django.db.models.functions import Now

from attribution.models.targets import Target
from ingest.models import Source
from ingest.models.fields import TEXT, money


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
