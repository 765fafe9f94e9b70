-- What month_spread.sql has just added, by target.
insert into attribution_costsum
    (grain, day, source_id, currency, target_id, evidence, is_month_spread, billed_cost,
     effective_cost,
     idle_spread_billed, shared_spread_billed, idle_spread_effective, shared_spread_effective)
select 'target', day, source_id, currency, target_id, evidence, true,
       sum(billed_cost), sum(effective_cost), sum(idle_spread_billed),
       sum(shared_spread_billed), sum(idle_spread_effective), sum(shared_spread_effective)
  from attribution_costday
 where source_id = %(source)s and is_month_spread
   and day >= %(month)s and day < %(month)s::date + interval '1 month'
 group by day, source_id, currency, target_id, evidence
