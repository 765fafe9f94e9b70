-- Weeks that touch the month, from Monday, by target and by service: what the edges of a period and
-- weekly charts read.
insert into attribution_costsum
    (grain, day, source_id, currency, target_id, kind, state, sub_account_id, service_name,
     region_id, charge_category, evidence, billed_cost, effective_cost, idle_spread_billed,
     shared_spread_billed, idle_spread_effective, shared_spread_effective)
select grain || '_week', date_trunc('week', day)::date, source_id, currency, target_id, kind, state,
       sub_account_id, service_name, region_id, charge_category, evidence,
       sum(billed_cost), sum(effective_cost), sum(idle_spread_billed), sum(shared_spread_billed),
       sum(idle_spread_effective), sum(shared_spread_effective)
  from attribution_costsum
 where grain in ('target', 'service') and source_id = %(source)s
   and day >= date_trunc('week', %(month)s::date)
   and day < date_trunc('week', %(month)s::date + interval '1 month' - interval '1 day')
       + interval '7 days'
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
