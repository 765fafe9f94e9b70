-- aicost_hours(hour, ms): 24 sums of one day. aicost_sum_hours(hours): sums of such arrays. `ms` of
-- an hour that was never told counts nothing; rows that tell no hours at all leave NULL.
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

-- GPU time by week and month, as cost has it (cost.sql): what reports of long periods read. A whole
-- month or week counts as one when no day of it was published since it was summed. Of a piece in
-- which a map of one of its resources changes, the days are read when nodes are asked for: `on_day`
-- is a day of the rows, whose maps hold for all of them.
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
