"""The relations of the partitioned tables, for Django only: 0002 made the columns."""

from django.db import migrations, models

RELATIONS = (
    ("allocatedcharge", "source", "ingest.source", {}),
    ("allocatedcharge", "charge", "ingest.charge", {"db_constraint": False}),
    ("allocatedcharge", "rule", "attribution.allocationrule", {}),
    ("allocatedcharge", "stage1_target", "attribution.target", {"related_name": "+"}),
    ("allocatedcharge", "target", "attribution.target", {}),
)


def _relation(to: str, **more) -> models.ForeignKey:
    return models.ForeignKey(to=to, on_delete=models.DO_NOTHING, **more)


class Migration(migrations.Migration):
    dependencies = [("attribution", "0007_target_key"), ("ingest", "0005_partitioned_relations")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(model, name, _relation(to, **more), preserve_default=False)
                for model, name, to, more in RELATIONS
            ]
        )
    ]
