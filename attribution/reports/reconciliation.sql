-- Per source, billing period and currency: what was billed against where it stands in the ledger.
with bill as (
    select
        source_id, billing_period, currency, sum(billed_cost) as billed,
        sum(effective_cost) as effective
    from ingest_billday
    where billing_period >= %(first_month)s and billing_period < %(end)s
    group by 1, 2, 3
),
stands as (
    select
        source_id, billing_period, currency, sum(effective_cost) as effective,
        sum(billed_cost) filter (where kind = 'workload') as attributed,
        sum(billed_cost) filter (where kind = 'idle') as idle,
        sum(billed_cost) filter (where kind = 'shared') as shared,
        sum(billed_cost) filter (where kind = 'unattributed') as unattributed,
        sum(billed_cost) filter (where kind = 'workload' and evidence = 'measured') as measured,
        sum(billed_cost) filter (where kind = 'workload' and evidence = 'tagged') as tagged,
        sum(billed_cost) filter (where kind = 'workload' and evidence = 'inferred') as inferred,
        sum(billed_cost) filter (where kind = 'workload' and evidence = 'fallback') as fallback
    from attribution_costsum
    where grain = 'period' and billing_period >= %(first_month)s and billing_period < %(end)s
    group by 1, 2, 3
),
control as (
    -- An arrival partition may hold two billing periods: then the control total of one is unknown.
    select
        l.source_id, to_date(p.period, 'YYYY-MM') as billing_period, c.currency,
        case when bool_and(cardinality(l.billing_periods) = 1) then sum(c.billed_written) end
            as written,
        case when bool_and(cardinality(l.billing_periods) = 1) then sum(c.billed_cost) end
            as stored
    from ingest_delivery l
    join ingest_controltotal c on c.delivery_id = l.id
    cross join lateral unnest(l.billing_periods) as p (period)
    where l.state = 'published'
    group by 1, 2, 3
)
select
    s.name as source, billing_period, currency, coalesce(b.billed, 0) as billed,
    coalesce(t.attributed, 0) as attributed, coalesce(t.idle, 0) as idle,
    coalesce(t.shared, 0) as shared, coalesce(t.unattributed, 0) as unattributed,
    coalesce(b.billed, 0) - coalesce(t.attributed, 0) - coalesce(t.idle, 0)
        - coalesce(t.shared, 0) - coalesce(t.unattributed, 0) as residual,
    coalesce(b.effective, 0) - coalesce(t.effective, 0) as effective_residual,
    coalesce(t.measured, 0) as attributed_measured, coalesce(t.tagged, 0) as attributed_tagged,
    coalesce(t.inferred, 0) as attributed_inferred,
    coalesce(t.fallback, 0) as attributed_fallback,
    k.written as control_written, k.stored as control_stored,
    k.written - k.stored as control_difference, k.stored - b.billed as control_residual
from bill b
full join stands t using (source_id, billing_period, currency)
left join control k using (source_id, billing_period, currency)
join ingest_source s on s.id = source_id
where (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
order by 1, 2, 3
