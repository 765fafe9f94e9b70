-- Per bill source, day, provider, model and token class, what was estimated beside what the final
-- bill says; of days whose bill is final and that were estimated. An estimate counts as it last
-- stood before the bill.
with final as materialized (
    select s.id as source_id, least(r.through, coalesce((s.state ->> 'final_through')::date,
        %(today)s::date - s.final_after_days)) as through
    from ingest_source s
    left join lateral (
        select max(c.day) as through from ingest_charge c
        where c.source_id = s.id and c.long_period_end is null
    ) r on true
),
estimated as (
    select
        (e.hour at time zone 'utc')::date as day, e.source_id, e.provider, e.model, e.resource_id,
        case e.token_class when 'requests' then '' else e.token_class end as token_class,
        e.currency, sum(e.estimated_cost) as estimated_cost
    from attribution_estimatedcost e
    join final f on f.source_id = e.source_id
        and (e.hour at time zone 'utc')::date <= f.through
    where e.superseded_by in ('', 'bill')
        and e.hour >= %(start)s::timestamp at time zone 'utc'
        and e.hour < %(end)s::timestamp at time zone 'utc'
    group by 1, 2, 3, 4, 5, 6, 7
),
called as (
    select c.day, c.source_id, h.provider, k.model, k.token_class,
        h.billing_currency as currency, sum(c.effective_cost) as billed_cost
    from (select distinct day, source_id, model from estimated where resource_id = '') e
    join ingest_charge c on c.source_id = e.source_id and c.day = e.day
    join ingest_chargeseries h on h.id = c.series_id
    join attribution_daystate y on y.source_id = c.source_id and y.day = c.day
    join attribution_seriesclaim k
        on k.series_id = c.series_id and k.rule_set_id = y.rule_set_id and k.model = e.model
    join attribution_allocationrule r on r.id = k.rule_id and r.method = 'tokens'
    group by 1, 2, 3, 4, 5, 6
),
ran as (
    select g.day, g.source_id, e.provider, '' as model, 'instance_hours' as token_class,
        g.currency, sum(g.effective_cost) as billed_cost
    from (
        select day, source_id, resource_id, min(provider) as provider
        from estimated where resource_id <> '' group by 1, 2, 3
    ) e
    join attribution_gpuday g
        on g.source_id = e.source_id and g.day = e.day and g.resource_id = e.resource_id
    group by 1, 2, 3, 4, 5, 6
),
told as (
    select day, provider, model, token_class, currency, estimated_cost,
        null::numeric as billed_cost
    from estimated
    union all
    select day, provider, model, token_class, currency, null, billed_cost from called
    union all
    select day, provider, model, token_class, currency, null, billed_cost from ran
)
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then day
        else (date_trunc(%(granularity)s, day - %(shift)s::interval) + %(shift)s::interval)::date
    end as period,
    provider, model, token_class, currency, sum(estimated_cost) as estimated_cost,
    sum(billed_cost) as billed_cost
from told
where (%(f_model)s::text[] is null or model = any(%(f_model)s))
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
