"""Customers: what the day's calls of each of them cost. Rebuilt whole per day, from the rollup and
the calls (attribution.customers); `grain` is `day`, or `month` under the month's first day."""

from django.db import models

from attribution.models.targets import Target
from ingest.models.fields import TEXT, money


class CustomerSplit(models.Model):
    """A day split over customers, and the versions of its days of bills it was split from; a
    changed day or changed calls make it stale. `summed`: its month holds it as it is."""

    day = models.DateField(primary_key=True)
    version = models.BigIntegerField(help_text="sum of what its bill days were published as")
    has_customers = models.BooleanField(default=False)
    summed = models.BooleanField(default=False)
    month_customers = models.BigIntegerField(
        default=0, db_default=0, help_text="customers in the sums of its month, per currency"
    )


class CustomerCost(models.Model):
    """A customer's part of a target's cost. Grain `customer_month` is of all targets together
    (target null); `target_day` and `target_month` are of all customers together (customer '')."""

    id = models.BigAutoField(primary_key=True)
    grain = models.TextField()
    day = models.DateField()
    customer = models.TextField(**TEXT)
    target = models.ForeignKey(Target, models.DO_NOTHING, null=True, db_constraint=False)
    currency = models.TextField()
    billed_cost = money()
    effective_cost = money()

    class Meta:
        indexes = [
            models.Index(fields=["grain", "day", "customer"]),
            models.Index(
                "day",
                models.F("effective_cost").desc(),
                condition=models.Q(grain="customer_month"),
                name="customer_dearest",
            ),
        ]


class CustomerUse(models.Model):
    """A customer's calls, '' those that name none. NULL tokens: nobody tells them."""

    id = models.BigAutoField(primary_key=True)
    grain = models.TextField()
    day = models.DateField()
    customer = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    team = models.TextField(**TEXT, help_text="of the calls, else the only one of their money")
    requests = models.BigIntegerField(null=True)
    tokens = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["grain", "day", "customer"])]
