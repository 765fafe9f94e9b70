"""Sums of the rollup that keep reports flat, and aicost_cost, by which reports read them."""

from django.db import migrations, models
import django.db.models.deletion

# The one way reports read cost: of the grain they need, and whole months at once where they may.
# A month counts as one row set only when it lies inside the period, no cut falls into it, and no
# day of it was published since it was summed; otherwise its days are read.
FORWARD = """
create function aicost_cost(start date, "end" date, grain text, months boolean, cuts date[])
returns table (day date, source_id bigint, currency text, target_id bigint, kind text, state text,
               sub_account_id text, service_name text, region_id text, charge_category text,
               evidence text, billed_cost numeric, effective_cost numeric,
               idle_spread_billed numeric, shared_spread_billed numeric,
               idle_spread_effective numeric, shared_spread_effective numeric)
language sql stable parallel safe as $$
    with piece as materialized (
        select p.source_id, greatest(p.month, $1) as first, least(p.next, $2) as past,
               case when $4 and p.month >= $1 and p.next <= $2 and not p.stale
                         and not exists (select from unnest($5) c
                                          where c > p.month and c < p.next)
                    then $3 || '_month' else $3 end as grain
          from (
              select s.source_id, date_trunc('month', s.day)::date as month,
                     (date_trunc('month', s.day) + interval '1 month')::date as next,
                     bool_or(s.spread_version < s.published_version) as stale
                from attribution_daystate s
               where s.day >= date_trunc('month', $1)::date
                 and s.day < date_trunc('month', $2 - 1)::date + interval '1 month'
               group by 1, 2, 3
          ) p
    )
    select c.day, c.source_id, c.currency, c.target_id, c.kind, c.state, c.sub_account_id,
           c.service_name, c.region_id, c.charge_category, c.evidence, c.billed_cost,
           c.effective_cost, c.idle_spread_billed, c.shared_spread_billed,
           c.idle_spread_effective, c.shared_spread_effective
      from piece p
      join attribution_costsum c
        on c.grain = p.grain and c.source_id = p.source_id
       and c.day >= p.first and c.day < p.past
    union all
    select c.day, c.source_id, c.currency, c.target_id, '', '', c.sub_account_id,
           c.service_name, c.region_id, c.charge_category, c.evidence, c.billed_cost,
           c.effective_cost, c.idle_spread_billed, c.shared_spread_billed,
           c.idle_spread_effective, c.shared_spread_effective
      from piece p
      join attribution_costday c
        on p.grain = 'all' and c.source_id = p.source_id
       and c.day >= p.first and c.day < p.past
$$;
"""
# What was published before is summed like a day that is published now; months follow with the next
# attribution, since every day then waits for its spread.
FILL = """
insert into attribution_costsum
    (grain, day, source_id, currency, target_id, kind, state, sub_account_id, service_name,
     region_id, charge_category, evidence, is_month_spread, billed_cost, effective_cost,
     idle_spread_billed, shared_spread_billed, idle_spread_effective, shared_spread_effective)
select g.grain, c.day, c.source_id, c.currency, g.target_id, g.kind, g.state, g.sub_account_id,
       g.service_name, g.region_id, g.charge_category, c.evidence, c.is_month_spread,
       sum(c.billed_cost), sum(c.effective_cost), sum(c.idle_spread_billed),
       sum(c.shared_spread_billed), sum(c.idle_spread_effective), sum(c.shared_spread_effective)
  from attribution_costday c
  join attribution_target t on t.id = c.target_id
 cross join lateral (values
       ('target', c.target_id, '', '', '', '', '', ''),
       ('service', null::bigint, t.kind, t.state, c.sub_account_id, c.service_name, c.region_id,
        c.charge_category))
       g (grain, target_id, kind, state, sub_account_id, service_name, region_id, charge_category)
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13;
update attribution_daystate set spread_version = 0;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("attribution", "0014_gpu_consumption"),
        ("ingest", "0017_bill_days"),
    ]
    operations = [
        migrations.CreateModel(
            name="CostSum",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "grain",
                    models.TextField(
                        help_text="target, service; of months also all: target_month …"
                    ),
                ),
                ("day", models.DateField(help_text="of a month its first")),
                ("currency", models.TextField()),
                ("kind", models.TextField(blank=True, db_default="", default="")),
                ("state", models.TextField(blank=True, db_default="", default="")),
                ("sub_account_id", models.TextField(blank=True, db_default="", default="")),
                ("service_name", models.TextField(blank=True, db_default="", default="")),
                ("region_id", models.TextField(blank=True, db_default="", default="")),
                ("charge_category", models.TextField(blank=True, db_default="", default="")),
                ("evidence", models.TextField()),
                ("is_month_spread", models.BooleanField(db_default=False, default=False)),
                ("billed_cost", models.DecimalField(decimal_places=18, max_digits=38)),
                ("effective_cost", models.DecimalField(decimal_places=18, max_digits=38)),
                (
                    "idle_spread_billed",
                    models.DecimalField(decimal_places=18, default=0, max_digits=38),
                ),
                (
                    "shared_spread_billed",
                    models.DecimalField(decimal_places=18, default=0, max_digits=38),
                ),
                (
                    "idle_spread_effective",
                    models.DecimalField(decimal_places=18, default=0, max_digits=38),
                ),
                (
                    "shared_spread_effective",
                    models.DecimalField(decimal_places=18, default=0, max_digits=38),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="ingest.source",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="attribution.target",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["grain", "source", "day"], name="attribution_grain_f891a1_idx"
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, "drop function aicost_cost(date, date, text, boolean, date[])"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
