-- The day's rollup by billing period and kind: what a bill is reconciled with.
insert into attribution_costsum
    (grain, day, source_id, currency, billing_period, kind, evidence, billed_cost, effective_cost,
     idle_spread_billed, shared_spread_billed, idle_spread_effective, shared_spread_effective)
select 'period', c.day, c.source_id, c.currency, c.billing_period, t.kind, c.evidence,
       sum(c.billed_cost), sum(c.effective_cost), 0, 0, 0, 0
  from attribution_costday c
  join attribution_target t on t.id = c.target_id
 where c.source_id = %(source)s and c.day = %(day)s and not c.is_month_spread
 group by c.day, c.source_id, c.currency, c.billing_period, t.kind, c.evidence
