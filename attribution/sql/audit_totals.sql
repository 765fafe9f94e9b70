-- Per source, billing period and currency: the bill against where the rollup has it standing.
with bill as (
    select c.source_id, c.billing_period, s.billing_currency as currency,
           sum(c.billed_cost) as billed
      from ingest_charge c
      join ingest_chargeseries s on s.id = c.series_id
     group by 1, 2, 3
), stands as (
    select r.source_id, r.billing_period, r.currency,
           coalesce(sum(r.billed_cost) filter (where t.kind = 'workload'), 0) as workload,
           coalesce(sum(r.billed_cost) filter (where t.kind = 'idle'), 0) as idle,
           coalesce(sum(r.billed_cost) filter (where t.kind = 'shared'), 0) as shared,
           coalesce(sum(r.billed_cost) filter (where t.kind = 'unattributed'), 0) as unattributed
      from attribution_costday r
      join attribution_target t on t.id = r.target_id
     group by 1, 2, 3
)
select f.name as source, billing_period, currency, coalesce(b.billed, 0) as billed,
       coalesce(t.workload, 0) as workload, coalesce(t.idle, 0) as idle,
       coalesce(t.shared, 0) as shared, coalesce(t.unattributed, 0) as unattributed,
       coalesce(b.billed, 0)
       - coalesce(t.workload + t.idle + t.shared + t.unattributed, 0) as residual
  from (select source_id, billing_period, currency from bill
        union select source_id, billing_period, currency from stands) k
  join ingest_source f on f.id = k.source_id
  left join bill b using (source_id, billing_period, currency)
  left join stands t using (source_id, billing_period, currency)
 order by 1, 2, 3
