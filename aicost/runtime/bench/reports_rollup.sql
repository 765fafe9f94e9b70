-- The day's rollup, from its ledger.
insert into attribution_costday
    (day, billing_period, source_id, currency, target_id, sub_account_id, service_name, region_id,
     charge_category, evidence, is_long, is_month_spread, billed_cost, effective_cost, list_cost,
     contracted_cost, idle_spread_billed, shared_spread_billed, idle_spread_effective,
     shared_spread_effective)
select
    a.day, date_trunc('month', a.day)::date, a.source_id, 'USD', a.target_id,
    'acc-' || (a.charge_id - %(first)s) %% %(accounts)s,
    'Service ' || (a.charge_id - %(first)s) %% 200 %% 12,
    'region-' || (a.charge_id - %(first)s) %% 200 %% 4, 'Usage', a.evidence, false, false,
    sum(a.billed_cost), sum(a.effective_cost), sum(a.list_cost), sum(a.contracted_cost), 0, 0, 0, 0
from attribution_allocatedcharge a
where a.source_id = %(source)s and a.day = %(day)s
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
