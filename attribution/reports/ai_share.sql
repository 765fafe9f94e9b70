-- AI, shared and other cost per step, source and currency. AI is what stands on a model, an
-- experiment or on inference, training or experimentation; GPU time that is idle or unobserved and
-- metered tokens nobody called; and whatever else is charged in words of AI (`ai_series`).
with target as (
    select id, kind,
        (model <> '' or experiment <> ''
            or (activity in ('inference', 'training', 'experimentation')
                and kind in ('workload', 'idle'))
            or state in ('held_idle', 'empty_idle', 'unreserved', 'unobserved', 'unmetered'))
        and kind <> 'shared' as is_ai
    from attribution_target
),
rolled as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then c.day
            else (date_trunc(%(granularity)s, c.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        c.source_id, c.currency,
        case when t.kind = 'shared' then 'shared' when t.is_ai then 'ai' else 'other' end as part,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as cost
    from attribution_costday c
    join target t on t.id = c.target_id
    where c.day >= %(start)s and c.day < %(end)s
    group by 1, 2, 3, 4
),
worded as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then a.day
            else (date_trunc(%(granularity)s, a.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        a.source_id, h.billing_currency as currency,
        sum(case %(basis)s when 'billed' then a.billed_cost else a.effective_cost end) as cost
    from ingest_charge c
    join ingest_chargeseries h on h.id = c.series_id
    join attribution_allocatedcharge a on a.day = c.day and a.charge_id = c.id
    join target t on t.id = a.target_id and not t.is_ai and t.kind <> 'shared'
    where c.day >= %(start)s and c.day < %(end)s and c.series_id = any(%(ai_series)s)
        and a.day >= %(start)s and a.day < %(end)s
    group by 1, 2, 3
)
select r.period, s.name as source, r.currency,
    coalesce(sum(r.cost) filter (where r.part = 'ai'), 0) + coalesce(max(w.cost), 0) as ai_cost,
    coalesce(sum(r.cost) filter (where r.part = 'shared'), 0) as shared_cost,
    coalesce(sum(r.cost) filter (where r.part = 'other'), 0) - coalesce(max(w.cost), 0)
        as other_cost,
    sum(r.cost) as cost
from rolled r
left join worded w using (period, source_id, currency)
join ingest_source s on s.id = r.source_id
group by 1, 2, 3
order by 1, 7 desc, 2, 3
