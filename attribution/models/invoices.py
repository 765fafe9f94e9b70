"""What accounts payable paid, beside what was billed."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ingest.models import Source
from ingest.models.fields import TEXT, money


class InvoicePaid(models.Model):
    """One payment of one invoice. `invoice_id` '' is the billing period's charges without id;
    `reference` tells several payments of one invoice apart."""

    source = models.ForeignKey(Source, models.PROTECT)
    billing_period = models.DateField()
    invoice_id = models.TextField(**TEXT)
    currency = models.TextField(help_text="of the invoice")
    amount = money()
    paid_currency = models.TextField(help_text="of the amount; mostly that of the invoice")
    settles = money(null=True, help_text="in the invoice's currency, if paid in another")
    tax_on_top = money(null=True, help_text="tax that was paid and is not on the bill's export")
    leaves_out = ArrayField(
        models.TextField(), default=list, help_text="of the bill: tax, credits, marketplace"
    )
    paid_on = models.DateField()
    reference = models.TextField(**TEXT)
    note = models.TextField(**TEXT)
    # What the final bill said when the amount was entered, by part; null while it was not final.
    billed_then = models.JSONField(null=True)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "billing_period", "invoice_id", "currency", "reference"],
                name="invoice_paid_identity",
            )
        ]

    def __str__(self) -> str:
        named = self.invoice_id or "no invoice id"
        return f"{self.source.name} {self.billing_period:%Y-%m}, {named}"


class InvoicePaidChange(models.Model):
    """What a payment said after each change; rows are only ever added (a trigger refuses)."""

    ENTERED, CHANGED, REMOVED = "entered", "changed", "removed"

    payment_id = models.BigIntegerField(db_index=True)
    what = models.TextField()
    said = models.JSONField(help_text="the payment as it was entered, or as it was removed")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
