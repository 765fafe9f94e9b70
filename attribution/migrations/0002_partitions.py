"""The allocated ledger, partitioned by month like the charges it splits."""

from django.db import migrations

FORWARD = """
create table attribution_allocatedcharge (
    day date not null,
    source_id bigint not null,
    charge_id bigint not null,
    stage1_target_id bigint not null references attribution_target,
    target_id bigint not null references attribution_target,
    rule_id bigint not null references attribution_allocationrule,
    evidence text not null,
    weight bigint not null,
    total_weight bigint not null,
    weight2 bigint,
    total_weight2 bigint,
    billed_cost numeric(38, 18) not null,
    effective_cost numeric(38, 18) not null,
    list_cost numeric(38, 18),
    contracted_cost numeric(38, 18),
    pricing_quantity numeric(38, 18),
    consumed_quantity numeric(38, 18)
) partition by range (day);
create index attribution_allocatedcharge_source_day
    on attribution_allocatedcharge (source_id, day);
create index attribution_allocatedcharge_charge on attribution_allocatedcharge (day, charge_id);
"""


class Migration(migrations.Migration):
    dependencies = [("attribution", "0001_initial"), ("ingest", "0002_partitions")]
    operations = [migrations.RunSQL(FORWARD, "drop table attribution_allocatedcharge cascade")]
