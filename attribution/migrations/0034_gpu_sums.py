"""GPU time by week and month, as cost has it: what reports of long periods read."""

from django.db import migrations, models
import django.db.models.deletion

# Pieces as in aicost_cost: a whole month or week counts as one when no day of it was published
# since it was summed. Of a piece in which a map of one of its resources changes, the days are read
# when nodes are asked for: `on_day` is a day of the rows, whose maps hold for all of them.
FORWARD = """
create function aicost_gpu(start date, "end" date, step text, by_node boolean)
returns table (day date, on_day date, last_seen date, source_id bigint, resource_id text,
               instance_type text, target_id bigint, currency text, gpu_ms bigint,
               billed_cost numeric, effective_cost numeric)
language sql stable parallel safe as $$
    with known as materialized (
        select s.source_id, s.day, s.spread_version < s.published_version as stale,
               date_trunc('month', s.day)::date as month, date_trunc('week', s.day)::date as week
          from attribution_daystate s
         where s.day >= date_trunc('month', $1)::date - 6
           and s.day < date_trunc('month', $2 - 1)::date + interval '1 month' + interval '6 days'
    ), parted as (
        select distinct g.grain, g.source_id, g.day as first
          from attribution_gpusum g
          join ingest_resourcemap m on m.resource_id = g.resource_id
         where $4 and g.last_day >= $1 and g.first_day < $2
           and (m.valid_from > g.first_day and m.valid_from <= g.last_day
                or m.valid_to > g.first_day and m.valid_to <= g.last_day)
    ), month as (
        select k.source_id, k.month as first, (k.month + interval '1 month')::date as past
          from known k
         where $3 = 'month'
         group by k.source_id, k.month
        having k.month >= $1 and k.month + interval '1 month' <= $2 and not bool_or(k.stale)
           and not exists (select from parted p where p.grain = 'month'
                              and p.source_id = k.source_id and p.first = k.month)
    ), week as (
        select k.source_id, k.week as first, k.week + 7 as past
          from known k
         where $3 in ('month', 'week')
         group by k.source_id, k.week
        having k.week >= $1 and k.week + 7 <= $2 and not bool_or(k.stale)
           and ($3 = 'week' or date_trunc('month', k.week) = date_trunc('month', k.week + 6))
           and not exists (select from month m
                            where m.source_id = k.source_id
                              and k.week >= m.first and k.week < m.past)
           and not exists (select from parted p where p.grain = 'week'
                              and p.source_id = k.source_id and p.first = k.week)
    ), piece as materialized (
        select m.source_id, m.first, m.past, 'month' as grain from month m
        union all
        select w.source_id, w.first, w.past, 'week' from week w
        union all
        select k.source_id, k.day, k.day + 1, 'day'
          from known k
         where k.day >= $1 and k.day < $2
           and not exists (select from month m where m.source_id = k.source_id
                              and m.first = k.month)
           and not exists (select from week w where w.source_id = k.source_id
                              and w.first = k.week)
    )
    select c.day, c.first_day, c.last_seen, c.source_id, c.resource_id, c.instance_type,
           c.target_id, c.currency, c.gpu_ms, c.billed_cost, c.effective_cost
      from piece p
     cross join lateral (
         select * from attribution_gpusum s
          where s.grain = p.grain and s.source_id = p.source_id and s.day = p.first
         offset 0
     ) c
    union all
    select c.day, c.day, case when c.gpu_ms > 0 then c.day end, c.source_id, c.resource_id,
           c.instance_type, c.target_id, c.currency, c.gpu_ms, c.billed_cost, c.effective_cost
      from piece p
     cross join lateral (
         select * from attribution_gpuday d
          where p.grain = 'day' and d.source_id = p.source_id and d.day = p.first
         offset 0
     ) c
$$;
"""
BACKWARD = "drop function aicost_gpu(date, date, text, boolean);"


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0033_budgets"),
        ("ingest", "0021_customers"),
    ]
    operations = [
        migrations.CreateModel(
            name="GpuSum",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("grain", models.TextField(help_text="week or month")),
                (
                    "day",
                    models.DateField(help_text="of a week its Monday, of a month its first"),
                ),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("last_seen", models.DateField(null=True)),
                ("resource_id", models.TextField()),
                ("instance_type", models.TextField(blank=True, db_default="", default="")),
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
                    models.Index(fields=["grain", "source", "day"], name="attribution_gpusum_grain")
                ]
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        # Sums follow with the next attribution; until then days are read.
        migrations.RunSQL(
            "update attribution_daystate set spread_version = 0", migrations.RunSQL.noop
        ),
    ]
