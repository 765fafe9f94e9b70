-- GPU time of the month and of the weeks that touch it, from Monday: what reports of long periods
-- read. `first_day` and `last_day` are the days its rows are of, within which maps may change.
insert into attribution_gpusum
    (grain, day, first_day, last_day, last_seen, source_id, resource_id, instance_type, target_id,
     currency, gpu_ms, billed_cost, effective_cost)
select p.grain, p.first, min(g.day), max(g.day), max(g.day) filter (where g.gpu_ms > 0),
       g.source_id, g.resource_id, g.instance_type, g.target_id, g.currency, sum(g.gpu_ms),
       sum(g.billed_cost), sum(g.effective_cost)
  from (
      select 'month' as grain, %(month)s::date as first,
             (%(month)s::date + interval '1 month')::date as past
      union all
      select 'week', w.monday::date, w.monday::date + 7
        from generate_series(date_trunc('week', %(month)s::date),
                             %(month)s::date + interval '1 month' - interval '1 day',
                             interval '7 days') w (monday)
  ) p
  join attribution_gpuday g
    on g.source_id = %(source)s and g.day >= p.first and g.day < p.past
 group by p.grain, p.first, g.source_id, g.resource_id, g.instance_type, g.target_id, g.currency
