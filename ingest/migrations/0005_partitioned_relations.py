"""The relations of the partitioned tables, for Django only: 0002 made the columns."""

from django.db import migrations, models

RELATIONS = (
    ("charge", "source", "ingest.source", {}),
    ("charge", "series", "ingest.chargeseries", {}),
    ("charge", "scope", "ingest.scope", {}),
    ("charge", "delivery", "ingest.delivery", {}),
    ("gpuinterval", "source", "ingest.source", {}),
    ("gpuinterval", "delivery", "ingest.delivery", {}),
    ("usage", "source", "ingest.source", {}),
    ("usage", "delivery", "ingest.delivery", {}),
)


def _relation(to: str, **more) -> models.ForeignKey:
    return models.ForeignKey(to=to, on_delete=models.DO_NOTHING, **more)


class Migration(migrations.Migration):
    dependencies = [
        ("ingest", "0004_partitioned_are_ours"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(model, name, _relation(to, **more), preserve_default=False)
                for model, name, to, more in RELATIONS
            ]
        )
    ]
