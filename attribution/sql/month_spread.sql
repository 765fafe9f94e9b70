-- Charges longer than a day spread over all days of their charge month: rows without money of
-- their own, on the day of the charge, so that every table still adds up to the bill.
insert into attribution_costday
    (day, billing_period, source_id, currency, target_id, sub_account_id, service_name, region_id,
     charge_category, evidence, is_long, is_month_spread, billed_cost, effective_cost,
     idle_spread_billed, shared_spread_billed, idle_spread_effective, shared_spread_effective)
with row as (
    select r.*, t.kind = 'idle' and t.workload = '' and t.model = '' and r.is_long as gives_idle,
           t.kind = 'shared' and t.state <> 'commitment' and r.is_long as gives_shared,
           case when t.kind in ('workload', 'unattributed')
                then greatest(floor(r.effective_cost * 10000), 0) else 0 end as weight
      from attribution_costday r
      join attribution_target t on t.id = r.target_id
     where r.source_id = %(source)s and r.day >= %(month)s
       and r.day < %(month)s::date + interval '1 month' and not r.is_month_spread
), receiver as (
    select currency, target_id, service_name, sub_account_id, region_id, charge_category,
           evidence, sum(weight) as weight
      from row
     where weight > 0
     group by 1, 2, 3, 4, 5, 6, 7
), ranked as (
    select r.*, sum(weight) over (partition by currency) as total,
           sum(weight) over (partition by currency
               order by t.kind collate "C", t.state collate "C", t.activity collate "C",
                        t.workload collate "C", t.model collate "C", t.feature collate "C",
                        t.experiment collate "C", t.team collate "C", t.environment collate "C",
                        service_name collate "C", sub_account_id collate "C",
                        region_id collate "C", charge_category collate "C",
                        evidence collate "C"
               rows unbounded preceding) as upto
      from receiver r
      join attribution_target t on t.id = r.target_id
), pool as (
    select day, billing_period, currency,
           coalesce(sum(billed_cost) filter (where gives_idle), 0) as idle_billed,
           coalesce(sum(billed_cost) filter (where gives_shared), 0) as shared_billed,
           coalesce(sum(effective_cost) filter (where gives_idle), 0) as idle_effective,
           coalesce(sum(effective_cost) filter (where gives_shared), 0) as shared_effective
      from row
     where gives_idle or gives_shared
     group by 1, 2, 3
), share as (
    select p.day, p.billing_period, r.currency, r.target_id, r.sub_account_id, r.service_name,
           r.region_id, r.charge_category, r.evidence,
           aicost_part(p.idle_billed, r.upto, r.weight, r.total) as idle_billed,
           aicost_part(p.shared_billed, r.upto, r.weight, r.total) as shared_billed,
           aicost_part(p.idle_effective, r.upto, r.weight, r.total) as idle_effective,
           aicost_part(p.shared_effective, r.upto, r.weight, r.total) as shared_effective
      from pool p
      join ranked r using (currency)
    union all
    select r.day, r.billing_period, r.currency, r.target_id, r.sub_account_id, r.service_name,
           r.region_id, r.charge_category, r.evidence,
           case when gives_idle then -billed_cost else 0 end,
           case when gives_shared then -billed_cost else 0 end,
           case when gives_idle then -effective_cost else 0 end,
           case when gives_shared then -effective_cost else 0 end
      from row r
     where (gives_idle or gives_shared)
       and exists (select from ranked k where k.currency = r.currency)
)
select day, billing_period, %(source)s, currency, target_id, sub_account_id, service_name,
       region_id, charge_category, evidence, true, true, 0, 0,
       idle_billed, shared_billed, idle_effective, shared_effective
  from share
