-- Money of inference, while it serves and while it waits, by the serving mode that its calls of the
-- period tell: of a model's workload all calls that agree (a call without a workload agrees with
-- any). Several modes are `mixed`: nobody can say whose the machine was.
with named as (
    select distinct
        coalesce(am.canonical, u.model) as model, coalesce(aw.canonical, u.workload) as workload,
        u.serving_mode as mode
    from ingest_usageday u
    join ingest_source s on s.id = u.source_id and s.usage_role <> 'provider_count'
    left join aicost_alias_days(%(start)s, %(end)s) am
        on am.day = u.day and am.dimension = 'model' and am.raw = u.model
    left join aicost_alias_days(%(start)s, %(end)s) aw
        on aw.day = u.day and aw.dimension = 'workload' and aw.raw = u.workload
    where u.day >= %(start)s and u.day < %(end)s and u.activity in ('', 'inference')
        and u.requests > 0 and u.serving_mode <> ''
        and (%(teams)s::text[] is null or u.team = any(%(teams)s))
),
money as (
    select
        t.model, t.workload, c.currency,
        coalesce(sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end)
            filter (where t.kind = 'workload'), 0) as active_cost,
        coalesce(sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end)
            filter (where t.kind = 'idle'), 0) as idle_cost
    from aicost_cost(%(start)s, %(end)s, 'target', %(step)s, '{}') c
    join attribution_target t on t.id = c.target_id
    where t.activity = 'inference' and t.kind in ('workload', 'idle')
        and (%(teams)s::text[] is null or t.team = any(%(teams)s))
        and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
        and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
        and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
        and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
        and (%(f_environment)s::text[] is null or t.environment = any(%(f_environment)s))
    group by 1, 2, 3
)
select
    case when d.first_mode is null then '' when d.first_mode = d.last_mode then d.first_mode
         else 'mixed' end as serving_mode,
    m.currency, sum(m.active_cost) as active_cost, sum(m.idle_cost) as idle_cost,
    array_agg(distinct coalesce(nullif(m.model, ''), m.workload))
        filter (where m.model <> '' or m.workload <> '') as names
from money m
left join lateral (
    select min(n.mode) as first_mode, max(n.mode) as last_mode
    from named n
    where (n.model = m.model or (m.model = '' and n.workload = m.workload))
        and (n.workload = m.workload or n.workload = '' or m.workload = '')
) d on true
group by 1, 2
order by sum(m.active_cost + m.idle_cost) desc, 1, 2
