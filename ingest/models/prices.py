"""Prices of model calls: what a contract or a list says, dated. ingest.price_book reads them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from ingest.models.fields import TEXT, money


class Price(models.Model):
    """A dated price per unit of a model, or a percentage off the list; '' stands for any.

    Contract goes before list, and the most specific row wins. Two rows that differ in nothing but
    their dates never overlap (ingest.prices checks)."""

    provider = models.TextField(**TEXT, help_text="empty: any provider")
    model = models.TextField(**TEXT, help_text="as calls name it; empty only for a discount")
    token_class = models.TextField(**TEXT, help_text="empty only for a discount: every class")
    region = models.TextField(**TEXT, help_text="region or zone of the call; empty: any")
    service_tier = models.TextField(**TEXT, help_text="batch, flex, priority…; empty: any")
    context_over = models.BigIntegerField(
        default=0, db_default=0, help_text="for calls with more input tokens than this, whole"
    )
    per_units = models.BigIntegerField(
        default=1_000_000,
        db_default=1_000_000,
        help_text="the price is for this many, e.g. 1000000",
    )
    price = money(null=True, blank=True)
    discount_percent = models.DecimalField(
        max_digits=7, decimal_places=4, null=True, blank=True, help_text="off the list price"
    )
    currency = models.TextField(**TEXT)
    basis = models.TextField(help_text="contract or list")
    valid_from = models.DateField(help_text="from midnight UTC of this day")
    valid_to = models.DateField(null=True, blank=True, help_text="first day no longer valid")
    origin = models.TextField(**TEXT, help_text="where it was read: contract number, page")
    note = models.TextField(**TEXT)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "provider",
                    "model",
                    "token_class",
                    "region",
                    "service_tier",
                    "context_over",
                    "basis",
                    "valid_from",
                ],
                name="price_identity",
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0, discount_percent=None)
                | Q(price=None, discount_percent__gte=0, discount_percent__lte=100),
                name="price_or_discount",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.basis} {self.provider} {self.model} {self.token_class} from {self.valid_from}"
        )
