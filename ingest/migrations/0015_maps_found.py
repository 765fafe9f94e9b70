"""Rows of the two maps that a source found by itself are told from those made by hand."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0014_usage_role"),
    ]

    operations = [
        migrations.AddField(
            model_name="resourcemap",
            name="found",
            field=models.BooleanField(
                default=False, help_text="by a source itself: gives way to others"
            ),
        ),
        migrations.AddField(
            model_name="workloadmap",
            name="found",
            field=models.BooleanField(
                default=False, help_text="by a source itself: gives way to others"
            ),
        ),
    ]
