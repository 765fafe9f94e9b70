-- Estimates in force of days whose bill is not final, by price.
with final as materialized (
    select s.id as source_id, least(r.through, coalesce((s.state ->> 'final_through')::date,
        %(today)s::date - s.final_after_days)) as through
    from ingest_source s
    left join lateral (
        select max(c.day) as through from ingest_charge c
        where c.source_id = s.id and c.long_period_end is null
    ) r on true
    where s.id in (select source_id from attribution_estimatedday)
)
select
    s.name as bill_source, coalesce(u.name, '') as usage_source, e.provider, e.model,
    e.resource_id, e.token_class, e.currency, sum(e.quantity) as quantity, e.unit_price,
    e.price_basis, e.price_origin, sum(e.estimated_cost) as estimated,
    min((e.hour at time zone 'utc')::date) as first_day,
    max((e.hour at time zone 'utc')::date) as last_day
from attribution_estimatedcost e
join attribution_target t on t.id = e.target_id
join ingest_source s on s.id = e.source_id
join final f on f.source_id = e.source_id
    and (f.through is null or (e.hour at time zone 'utc')::date > f.through)
left join ingest_source u on u.id = e.usage_source_id
where e.superseded_at is null
    and e.hour >= %(start)s::timestamp at time zone 'utc'
    and e.hour < %(end)s::timestamp at time zone 'utc'
    and (%(teams)s::text[] is null or t.team = any(%(teams)s))
    and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
    and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
    and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
    and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
    and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
    and (%(f_environment)s::text[] is null or t.environment = any(%(f_environment)s))
    and (%(f_activity)s::text[] is null or t.activity = any(%(f_activity)s))
    and (%(f_kind)s::text[] is null or t.kind = any(%(f_kind)s))
    and (not 'activity' = any(%(groups)s) or t.kind = 'workload'
        or concat(t.workload, t.model, t.feature, t.experiment, t.team) <> '')
    and (%(f_state)s::text[] is null or t.state = any(%(f_state)s))
    and (%(f_layer)s::text[] is null
        or aicost_layer(t.kind, t.activity, e.resource_id = '') = any(%(f_layer)s))
    and (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
group by 1, 2, 3, 4, 5, 6, 7, 9, 10, 11
order by sum(e.estimated_cost) desc nulls last, 1, 2, 3, 4, 5, 6, 9
