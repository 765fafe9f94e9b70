"""The business side: revenue, outcomes, quality, prices, exchange rates."""

from django.db import models

from ingest.models.bills import Delivery, Source
from ingest.models.fields import TEXT, money


class BusinessRow(models.Model):
    """A dated row of one source; a redelivered file of the same name replaces its rows."""

    source = models.ForeignKey(Source, models.CASCADE)
    delivery = models.ForeignKey(Delivery, models.CASCADE)
    day = models.DateField()

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["day"])]


class Revenue(BusinessRow):
    feature = models.TextField(**TEXT)
    customer = models.TextField(**TEXT)
    amount = money()
    currency = models.TextField()

    class Meta(BusinessRow.Meta):
        indexes = [*BusinessRow.Meta.indexes, models.Index(fields=["customer", "day"])]


class Outcome(BusinessRow):
    """Countable results of a feature: orders, answers accepted, tickets solved."""

    name = models.TextField()
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    customer = models.TextField(**TEXT)
    count = models.BigIntegerField()


class QualityScore(BusinessRow):
    """A measured quality of a model version: accuracy, NDCG, loss."""

    model = models.TextField()
    model_version = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    measure = models.TextField()
    dataset = models.TextField(**TEXT)
    score = models.DecimalField(max_digits=18, decimal_places=9)
    better = models.TextField(
        **TEXT, help_text="higher, lower, or '': as words say of the measure (docs/vocabulary.md)"
    )


class Customer(models.Model):
    """A customer as the business knows it, from a day on: rows of a key are changed in place."""

    customer = models.TextField(help_text="as calls and revenue name it, before aliases")
    name = models.TextField(**TEXT)
    plan = models.TextField(**TEXT)
    segment = models.TextField(**TEXT)
    team = models.TextField(**TEXT, help_text="who looks after it")
    valid_from = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "valid_from"],
                nulls_distinct=False,
                name="customer_identity",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.customer


class PostedBody(models.Model):
    """The answer to one POST under its Idempotency-Key, for whoever sends it again."""

    address = models.TextField()
    key = models.TextField()
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address", "key"], name="posted_body_identity")
        ]
        indexes = [models.Index(fields=["created_at"])]


class FxRate(models.Model):
    """One frozen rate a month and pair; a missing rate is an error, never 1."""

    month = models.DateField()
    from_currency = models.TextField()
    to_currency = models.TextField()
    rate = money()
    origin = models.TextField(**TEXT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "from_currency", "to_currency"], name="fx_rate_identity"
            )
        ]
