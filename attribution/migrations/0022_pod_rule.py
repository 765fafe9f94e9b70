"""Machines without GPUs whose pods telemetry knows are claimed by a rule of their own."""

from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    dependencies = [("attribution", "0021_invoices")]

    operations = [
        migrations.AddField(
            model_name="seriesclaim",
            name="pod_rule",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="attribution.allocationrule",
            ),
        ),
    ]
