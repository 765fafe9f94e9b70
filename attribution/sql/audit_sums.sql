-- Days whose sums by billing period are not what their rollup adds up to.
with stands as (
    select c.source_id, c.day, c.currency, c.billing_period, t.kind, c.evidence,
           sum(c.billed_cost) as billed, sum(c.effective_cost) as effective
      from attribution_costday c
      join attribution_target t on t.id = c.target_id
     where not c.is_month_spread
     group by 1, 2, 3, 4, 5, 6
), kept as (
    select source_id, day, currency, billing_period, kind, evidence,
           sum(billed_cost) as billed, sum(effective_cost) as effective
      from attribution_costsum
     where grain = 'period'
     group by 1, 2, 3, 4, 5, 6
)
select count(distinct (source_id, day))
  from stands s
  full join kept k using (source_id, day, currency, billing_period, kind, evidence)
 where s.billed is distinct from k.billed or s.effective is distinct from k.effective
