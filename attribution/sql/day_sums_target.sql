-- The day's rollup by target.
insert into attribution_costsum
    (grain, day, source_id, currency, target_id, evidence, billed_cost, effective_cost,
     idle_spread_billed, shared_spread_billed, idle_spread_effective, shared_spread_effective)
select 'target', day, source_id, currency, target_id, evidence,
       sum(billed_cost), sum(effective_cost), sum(idle_spread_billed),
       sum(shared_spread_billed), sum(idle_spread_effective), sum(shared_spread_effective)
  from attribution_costday
 where source_id = %(source)s and day = %(day)s and not is_month_spread
 group by day, source_id, currency, target_id, evidence
