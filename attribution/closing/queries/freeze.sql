-- The rollup of the month as it is reported.
insert into attribution_reportedcost
    (close_id, day, billing_period, source_id, currency, target_id, sub_account_id,
     service_name, region_id, charge_category, evidence, is_long, is_month_spread, billed_cost,
     effective_cost, list_cost, contracted_cost, idle_spread_billed, shared_spread_billed,
     idle_spread_effective, shared_spread_effective)
select %(close)s, day, billing_period, source_id, currency, target_id, sub_account_id,
       service_name, region_id, charge_category, evidence, is_long, is_month_spread,
       billed_cost, effective_cost, list_cost, contracted_cost, idle_spread_billed,
       shared_spread_billed, idle_spread_effective, shared_spread_effective
  from attribution_costday
 where day >= %(start)s and day < %(end)s
