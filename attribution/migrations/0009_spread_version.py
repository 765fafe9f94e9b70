"""Which publication of a day its month's spread has seen: a worker may die between the two."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("attribution", "0008_partitioned_relations")]
    operations = [
        migrations.AddField(
            "daystate", "spread_version", models.BigIntegerField(default=0, db_default=0)
        )
    ]
