"""Whether telemetry has ever seen a node is asked per node, not per day."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ingest", "0002_partitions")]
    operations = [
        migrations.RunSQL(
            "create index ingest_gpuinterval_by_node on ingest_gpuinterval (node, t_start)",
            "drop index ingest_gpuinterval_by_node",
        )
    ]
