"""Hours of GPU time: of each row of GpuDay, and in GpuHour its idle money by hour."""

import django.contrib.postgres.fields
from django.db import migrations, models
import django.db.models.deletion

# aicost_hours(hour, ms): 24 sums of one day. aicost_add_hours(hours): sums of such arrays. `ms` of
# an hour that was never told counts nothing; rows that tell no hours at all leave NULL.
FORWARD = """
create function aicost_add_hour(hours bigint[], hour int, ms bigint) returns bigint[]
language sql immutable parallel safe as $$
    select case
        when ms is null then hours
        else (coalesce(hours, array_fill(0::bigint, array[24])))[1:hour]
             || (coalesce(hours[hour + 1], 0) + ms)
             || (coalesce(hours, array_fill(0::bigint, array[24])))[hour + 2:24]
    end
$$;
create aggregate aicost_hours(int, bigint) (sfunc = aicost_add_hour, stype = bigint[]);

create function aicost_both_hours(a bigint[], b bigint[]) returns bigint[]
language sql immutable parallel safe as $$
    select case
        when a is null then b
        when b is null then a
        else array(select x + y from unnest(a, b) with ordinality u (x, y, nth) order by nth)
    end
$$;
create aggregate aicost_sum_hours(bigint[]) (sfunc = aicost_both_hours, stype = bigint[]);
"""
BACK = """
drop aggregate aicost_sum_hours(bigint[]);
drop function aicost_both_hours(bigint[], bigint[]);
drop aggregate aicost_hours(int, bigint);
drop function aicost_add_hour(bigint[], int, bigint);
"""

FILL = """
insert into attribution_gpuhour
    (source_id, day, hour, target_id, currency, gpu_ms, billed_cost, effective_cost)
select g.source_id, g.day, null, g.target_id, g.currency, sum(g.gpu_ms), sum(g.billed_cost),
       sum(g.effective_cost)
  from attribution_gpuday g
  join attribution_target t on t.id = g.target_id and t.kind = 'idle'
 group by g.source_id, g.day, g.target_id, g.currency
"""


class Migration(migrations.Migration):
    dependencies = [("attribution", "0029_notes")]
    operations = [
        migrations.RunSQL(FORWARD, BACK),
        migrations.AddField(
            model_name="gpuday",
            name="hours_ms",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), null=True, size=24
            ),
        ),
        migrations.CreateModel(
            name="GpuHour",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("hour", models.SmallIntegerField(null=True)),
                ("currency", models.TextField()),
                ("gpu_ms", models.BigIntegerField()),
                ("billed_cost", models.DecimalField(decimal_places=18, max_digits=38)),
                ("effective_cost", models.DecimalField(decimal_places=18, max_digits=38)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="ingest.source"
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="attribution.target"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["day"], name="attribution_day_9a9d4d_idx"),
                    models.Index(fields=["source", "day"], name="attribution_source__a454f4_idx"),
                ],
            },
        ),
        # What was published before tells no hours: all its idle money stands on none, until its
        # days are rebuilt (manage.py attribute --again).
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
