"""Sums of the charges of each day, made for what stands already."""

from django.db import migrations, models
import django.db.models.deletion

FILL = """
insert into ingest_billday
    (source_id, day, billing_period, currency, charges, billed_cost, effective_cost)
select c.source_id, c.day, c.billing_period, s.billing_currency, count(*), sum(c.billed_cost),
       sum(c.effective_cost)
  from ingest_charge c
  join ingest_chargeseries s on s.id = c.series_id
 group by 1, 2, 3, 4
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0016_spans_are_ours"),
    ]

    operations = [
        migrations.CreateModel(
            name="BillDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("billing_period", models.DateField()),
                ("currency", models.TextField()),
                ("charges", models.BigIntegerField()),
                ("billed_cost", models.DecimalField(decimal_places=18, max_digits=38)),
                ("effective_cost", models.DecimalField(decimal_places=18, max_digits=38)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="ingest.source"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["day"], name="ingest_bill_day_823d4f_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "day", "billing_period", "currency"),
                        name="bill_day_identity",
                    )
                ],
            },
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
