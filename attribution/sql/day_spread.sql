-- What each row would carry of the day's ownerless idle and shared pools: by effective cost in
-- ten-thousandths, over workload and unattributed rows. Pools give what the receivers get.
with row as (
    select r.id, r.currency, r.billed_cost, r.effective_cost,
           t.kind = 'idle' and t.workload = '' and t.model = '' and not r.is_long as gives_idle,
           t.kind = 'shared' and t.state <> 'commitment' and not r.is_long as gives_shared,
           case when t.kind in ('workload', 'unattributed')
                then greatest(floor(r.effective_cost * 10000), 0) else 0 end as weight,
           row_number() over (order by t.kind collate "C", t.state collate "C",
               t.activity collate "C", t.workload collate "C", t.model collate "C",
               t.feature collate "C", t.experiment collate "C", t.team collate "C",
               t.environment collate "C", r.billing_period, r.sub_account_id collate "C",
               r.service_name collate "C", r.region_id collate "C",
               r.charge_category collate "C", r.evidence, r.is_long) as rank
      from attribution_costday r
      join attribution_target t on t.id = r.target_id
     where r.source_id = %(source)s and r.day = %(day)s and not r.is_month_spread
), pool as (
    select currency, sum(weight) as total,
           coalesce(sum(billed_cost) filter (where gives_idle), 0) as idle_billed,
           coalesce(sum(billed_cost) filter (where gives_shared), 0) as shared_billed,
           coalesce(sum(effective_cost) filter (where gives_idle), 0) as idle_effective,
           coalesce(sum(effective_cost) filter (where gives_shared), 0) as shared_effective
      from row
     group by currency
    having sum(weight) > 0 and bool_or(gives_idle or gives_shared)
), receiver as (
    select id, currency, weight, sum(weight) over (partition by currency order by rank
                                                   rows unbounded preceding) as upto
      from row
     where weight > 0
), spread as materialized (
    select r.id, aicost_part(p.idle_billed, r.upto, r.weight, p.total) as idle_billed,
           aicost_part(p.shared_billed, r.upto, r.weight, p.total) as shared_billed,
           aicost_part(p.idle_effective, r.upto, r.weight, p.total) as idle_effective,
           aicost_part(p.shared_effective, r.upto, r.weight, p.total) as shared_effective
      from receiver r
      join pool p using (currency)
    union all
    select r.id, case when gives_idle then -billed_cost else 0 end,
           case when gives_shared then -billed_cost else 0 end,
           case when gives_idle then -effective_cost else 0 end,
           case when gives_shared then -effective_cost else 0 end
      from row r
      join pool p using (currency)
     where gives_idle or gives_shared
)
update attribution_costday r
   set idle_spread_billed = s.idle_billed, shared_spread_billed = s.shared_billed,
       idle_spread_effective = s.idle_effective, shared_spread_effective = s.shared_effective
  from spread s
 where r.id = s.id
