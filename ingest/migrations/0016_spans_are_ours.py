"""Tables that migration 0011 made, known to Django: emptied with the others in tests."""

from django.db import migrations, models
import django.db.models.deletion

STATE = [
    migrations.CreateModel(
        name="Span",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "source",
                    "day",
                    "trace_id",
                    "span_id",
                    blank=True,
                    editable=False,
                    primary_key=True,
                    serialize=False,
                ),
            ),
            ("day", models.DateField()),
            ("trace_id", models.UUIDField()),
            ("span_id", models.BigIntegerField()),
            ("parent_id", models.BigIntegerField(null=True)),
            ("is_call", models.BooleanField()),
            ("told", models.BooleanField(help_text="it tells tokens")),
            (
                "source",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.DO_NOTHING, to="ingest.source"
                ),
            ),
        ],
        options={
            "db_table": "ingest_span",
        },
    ),
    migrations.CreateModel(
        name="UsageRepeated",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "source",
                    "trace_id",
                    "span_id",
                    blank=True,
                    editable=False,
                    primary_key=True,
                    serialize=False,
                ),
            ),
            ("trace_id", models.UUIDField()),
            ("span_id", models.BigIntegerField()),
            ("time", models.DateTimeField()),
            ("call", models.JSONField()),
            (
                "source",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.DO_NOTHING, to="ingest.source"
                ),
            ),
        ],
        options={
            "db_table": "ingest_usagerepeated",
        },
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0015_maps_found"),
    ]

    operations = [migrations.SeparateDatabaseAndState(state_operations=STATE)]
