-- The one way reports read cost, of the grain they need. A period is cut into months (`step` month)
-- or weeks (`step` week), and what of a month is not whole into weeks. A piece counts as one set of
-- sums when it lies inside the period, no cut falls into it, and no day of it was published since
-- it was summed; otherwise, and always for step `day`, its days are read.

-- Which sums a period is read from: a month, a week or a day of one source, by its first day and
-- the grain its rows stand under. Questions about few targets read the pieces by themselves.
create function aicost_pieces(start date, "end" date, grain text, step text, cuts date[])
returns table (source_id bigint, first date, past date, grain text)
language sql stable parallel safe as $$
    with known as materialized (
        select s.source_id, s.day, s.spread_version < s.published_version as stale,
               date_trunc('month', s.day)::date as month, date_trunc('week', s.day)::date as week
          from attribution_daystate s
         where s.day >= date_trunc('month', $1)::date - 6
           and s.day < date_trunc('month', $2 - 1)::date + interval '1 month' + interval '6 days'
    ), month as (
        select source_id, month as first, (month + interval '1 month')::date as past
          from known k
         where $4 = 'month'
         group by source_id, month
        having month >= $1 and month + interval '1 month' <= $2 and not bool_or(stale)
           and not exists (select from unnest($5) c
                            where c > month and c < month + interval '1 month')
    ), week as (
        select k.source_id, k.week as first, k.week + 7 as past
          from known k
         where $4 in ('month', 'week')
         group by k.source_id, k.week
        having k.week >= $1 and k.week + 7 <= $2 and not bool_or(k.stale)
           and not exists (select from unnest($5) c where c > k.week and c < k.week + 7)
           and ($4 = 'week' or date_trunc('month', k.week) = date_trunc('month', k.week + 6))
           and not exists (select from month m
                            where m.source_id = k.source_id
                              and k.week >= m.first and k.week < m.past)
    )
    select m.source_id, m.first, m.past, $3 || '_month' from month m
    union all
    select w.source_id, w.first, w.past, $3 || '_week' from week w
    union all
    select k.source_id, k.day, k.day + 1, $3
      from known k
     where k.day >= $1 and k.day < $2
       and not exists (select from month m where m.source_id = k.source_id and m.first = k.month)
       and not exists (select from week w where w.source_id = k.source_id and w.first = k.week)
$$;

-- `offset 0` keeps the planner from reading all sums of all time for a few pieces.
create function aicost_cost(start date, "end" date, grain text, step text, cuts date[])
returns table (day date, source_id bigint, currency text, target_id bigint, kind text, state text,
               sub_account_id text, service_name text, region_id text, charge_category text,
               evidence text, billed_cost numeric, effective_cost numeric,
               idle_spread_billed numeric, shared_spread_billed numeric,
               idle_spread_effective numeric, shared_spread_effective numeric)
language sql stable parallel safe as $$
    with piece as materialized (
        select * from aicost_pieces($1, $2, $3, $4, $5)
    )
    select c.day, c.source_id, c.currency, c.target_id, c.kind, c.state, c.sub_account_id,
           c.service_name, c.region_id, c.charge_category, c.evidence, c.billed_cost,
           c.effective_cost, c.idle_spread_billed, c.shared_spread_billed,
           c.idle_spread_effective, c.shared_spread_effective
      from piece p
     cross join lateral (
         select * from attribution_costsum s
          where s.grain = p.grain and s.source_id = p.source_id
            and s.day >= p.first and s.day < p.past
         offset 0
     ) c
    union all
    select c.day, c.source_id, c.currency, c.target_id, '', '', c.sub_account_id,
           c.service_name, c.region_id, c.charge_category, c.evidence, c.billed_cost,
           c.effective_cost, c.idle_spread_billed, c.shared_spread_billed,
           c.idle_spread_effective, c.shared_spread_effective
      from piece p
     cross join lateral (
         select * from attribution_costday s
          where p.grain = 'all' and s.source_id = p.source_id and s.day >= p.first
            and s.day < p.past
         offset 0
     ) c
$$;
