insert into attribution_costday
    (day, billing_period, source_id, currency, target_id, sub_account_id, service_name, region_id,
     charge_category, evidence, is_long, is_month_spread, billed_cost, effective_cost, list_cost,
     contracted_cost, idle_spread_billed, shared_spread_billed, idle_spread_effective,
     shared_spread_effective)
select a.day, c.billing_period, a.source_id, c.currency, a.target_id, c.sub_account_id,
       c.service_name, c.region_id, c.charge_category, a.evidence, c.is_long, false,
       sum(a.billed_cost), sum(a.effective_cost), sum(a.list_cost), sum(a.contracted_cost),
       0, 0, 0, 0
  from attribution_allocatedcharge a
  join w_charge c on c.charge_id = a.charge_id
 where a.source_id = %(source)s and a.day = %(day)s
 group by a.day, c.billing_period, a.source_id, c.currency, a.target_id, c.sub_account_id,
          c.service_name, c.region_id, c.charge_category, a.evidence, c.is_long
