"""What pods held of the CPU and memory of their nodes, by the hour; partitioned by month."""

from django.db import migrations, models
import django.db.models.deletion

FORWARD = """
create table ingest_podhour (
    source_id bigint not null,
    delivery_id bigint not null,
    hour timestamptz not null,
    cluster text not null default '',
    node text not null,
    namespace text not null default '',
    pod text not null default '',
    observed_ms integer not null check (observed_ms between 0 and 3600000),
    cpu_requested_ms bigint,
    cpu_used_ms bigint,
    cpu_capacity_ms bigint,
    memory_requested_ms bigint,
    memory_used_ms bigint,
    memory_capacity_ms bigint,
    primary key (source_id, node, cluster, namespace, pod, hour)
) partition by range (hour);
create index ingest_podhour_node on ingest_podhour (node, hour);
create index ingest_podhour_hour on ingest_podhour (hour);
"""


class Migration(migrations.Migration):
    dependencies = [("ingest", "0019_quantities")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, "drop table ingest_podhour")],
            state_operations=[
                migrations.CreateModel(
                    name="PodHour",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "source",
                                "node",
                                "cluster",
                                "namespace",
                                "pod",
                                "hour",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("hour", models.DateTimeField()),
                        ("cluster", models.TextField(default="")),
                        ("node", models.TextField()),
                        ("namespace", models.TextField(default="")),
                        ("pod", models.TextField(default="")),
                        ("observed_ms", models.IntegerField()),
                        ("cpu_requested_ms", models.BigIntegerField(null=True)),
                        ("cpu_used_ms", models.BigIntegerField(null=True)),
                        ("cpu_capacity_ms", models.BigIntegerField(null=True)),
                        ("memory_requested_ms", models.BigIntegerField(null=True)),
                        ("memory_used_ms", models.BigIntegerField(null=True)),
                        ("memory_capacity_ms", models.BigIntegerField(null=True)),
                        (
                            "delivery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.DO_NOTHING, to="ingest.delivery"
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.DO_NOTHING, to="ingest.source"
                            ),
                        ),
                    ],
                    options={
                        "db_table": "ingest_podhour",
                    },
                )
            ],
        )
    ]
