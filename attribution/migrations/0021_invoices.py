"""Payments of invoices, and their history, which nobody edits."""

from django.conf import settings
import django.contrib.postgres.fields
from django.db import migrations, models
import django.db.models.deletion

FORWARD = """
create function attribution_payments_are_kept() returns trigger language plpgsql as $$
begin
    raise exception 'the history of payments is append-only';
end $$;
create trigger attribution_invoicepaidchange_is_kept
    before update or delete on attribution_invoicepaidchange
    for each row execute function attribution_payments_are_kept();
"""
BACKWARD = """
drop trigger attribution_invoicepaidchange_is_kept on attribution_invoicepaidchange;
drop function attribution_payments_are_kept();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0020_methods"),
        ("ingest", "0017_bill_days"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InvoicePaidChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("payment_id", models.BigIntegerField(db_index=True)),
                ("what", models.TextField()),
                (
                    "said",
                    models.JSONField(
                        help_text="the payment as it was entered, or as it was removed"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InvoicePaid",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("billing_period", models.DateField()),
                ("invoice_id", models.TextField(blank=True, db_default="", default="")),
                ("currency", models.TextField(help_text="of the invoice")),
                ("amount", models.DecimalField(decimal_places=18, max_digits=38)),
                (
                    "paid_currency",
                    models.TextField(help_text="of the amount; mostly that of the invoice"),
                ),
                (
                    "settles",
                    models.DecimalField(
                        decimal_places=18,
                        help_text="in the invoice's currency, if paid in another",
                        max_digits=38,
                        null=True,
                    ),
                ),
                (
                    "tax_on_top",
                    models.DecimalField(
                        decimal_places=18,
                        help_text="tax that was paid and is not on the bill's export",
                        max_digits=38,
                        null=True,
                    ),
                ),
                (
                    "leaves_out",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        default=list,
                        help_text="of the bill: tax, credits, marketplace",
                        size=None,
                    ),
                ),
                ("paid_on", models.DateField()),
                ("reference", models.TextField(blank=True, db_default="", default="")),
                ("note", models.TextField(blank=True, db_default="", default="")),
                ("billed_then", models.JSONField(null=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="ingest.source"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "billing_period", "invoice_id", "currency", "reference"),
                        name="invoice_paid_identity",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
