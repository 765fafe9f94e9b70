-- What month_spread.sql has just added, by what the bill knows, with kind and state.
insert into attribution_costsum
    (grain, day, source_id, currency, kind, state, sub_account_id, service_name, region_id,
     charge_category, evidence, is_month_spread, billed_cost, effective_cost, idle_spread_billed,
     shared_spread_billed, idle_spread_effective, shared_spread_effective)
select 'service', c.day, c.source_id, c.currency, t.kind, t.state, c.sub_account_id,
       c.service_name, c.region_id, c.charge_category, c.evidence, true,
       sum(c.billed_cost), sum(c.effective_cost), sum(c.idle_spread_billed),
       sum(c.shared_spread_billed), sum(c.idle_spread_effective), sum(c.shared_spread_effective)
  from attribution_costday c
  join attribution_target t on t.id = c.target_id
 where c.source_id = %(source)s and c.is_month_spread
   and c.day >= %(month)s and c.day < %(month)s::date + interval '1 month'
 group by c.day, c.source_id, c.currency, t.kind, t.state, c.sub_account_id, c.service_name,
          c.region_id, c.charge_category, c.evidence
