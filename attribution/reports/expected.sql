-- What the estimates still expect of days whose bill is not final: per bill source, day, currency
-- and model (of calls) or resource (of instance time), the estimate less what is billed by now and
-- never below 0, on the targets of the estimate by their share of it.
with final as materialized (
    select s.id as source_id, least(r.through, coalesce((s.state ->> 'final_through')::date,
        %(today)s::date - s.final_after_days)) as through
    from ingest_source s
    left join lateral (
        select max(c.day) as through from ingest_charge c
        where c.source_id = s.id and c.long_period_end is null
    ) r on true
    where s.id in (select source_id from attribution_estimatedday)
),
estimated as (
    select e.*, sum(e.estimated_cost) over subject as whole,
        sum(e.estimated_cost) over (subject order by e.target_id, e.provider, e.id) as upto
    from attribution_estimatedday e
    join final f on f.source_id = e.source_id and (f.through is null or e.day > f.through)
    where e.day >= %(start)s and e.day < %(end)s
    window subject as (partition by e.source_id, e.day, e.currency, e.model, e.resource_id)
),
subject as (
    select distinct source_id, day, currency, model, resource_id, whole from estimated
),
remaining as materialized (
    select s.*, greatest(s.whole - coalesce(b.cost, g.cost, 0), 0) as expected
    from subject s
    left join lateral (
        select sum(c.effective_cost) as cost
        from attribution_costday c
        join attribution_target t on t.id = c.target_id
        where s.resource_id = '' and c.source_id = s.source_id and c.day = s.day
            and c.currency = s.currency and t.model = s.model and t.activity = 'inference'
            and t.kind in ('workload', 'unattributed')
    ) b on true
    left join lateral (
        select sum(d.effective_cost) as cost
        from attribution_gpuday d
        where s.resource_id <> '' and d.source_id = s.source_id and d.day = s.day
            and d.currency = s.currency and d.resource_id = s.resource_id
    ) g on true
),
part as (
    select e.day, e.source_id, e.currency, t.*, e.resource_id = '' as is_api,
        case when e.estimated_cost is not null and e.whole > 0 then
            round(r.expected * e.upto / e.whole, 18)
            - round(r.expected * (e.upto - e.estimated_cost) / e.whole, 18)
        else e.estimated_cost end as expected
    from estimated e
    join remaining r using (source_id, day, currency, model, resource_id)
    join attribution_target t on t.id = e.target_id
    where (%(teams)s::text[] is null or t.team = any(%(teams)s))
        and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
        and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
        and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
        and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
        and (%(f_environment)s::text[] is null or t.environment = any(%(f_environment)s))
        and (%(f_activity)s::text[] is null or t.activity = any(%(f_activity)s))
        and (%(f_kind)s::text[] is null or t.kind = any(%(f_kind)s))
        and (%(f_state)s::text[] is null or t.state = any(%(f_state)s))
        and (%(f_layer)s::text[] is null
            or aicost_layer(t.kind, t.activity, e.resource_id = '') = any(%(f_layer)s))
        and (%(f_source)s::text[] is null
            or e.source_id in (select id from ingest_source where name = any(%(f_source)s)))
),
above as materialized (
    select
        t.id, t.day,
        max(e.above) filter (where e.level = 'base_model') as base_model,
        max(e.above) filter (where e.level = 'model_family') as model_family,
        max(e.above) filter (where e.level = 'product') as product,
        max(e.above) filter (where e.level = 'department') as department,
        max(e.above) filter (where e.level = 'cost_centre') as cost_centre,
        max(e.above) filter (where e.level = 'project') as project
    from (select distinct id, day, model, feature, team, experiment from part) t
    cross join lateral (values ('model', t.model), ('feature', t.feature), ('team', t.team),
        ('experiment', t.experiment)) n (dimension, name)
    join attribution_entityabove e on e.dimension = n.dimension and e.name = n.name
        and (e.valid_from is null or e.valid_from <= t.day)
        and (e.valid_to is null or e.valid_to > t.day)
    where e.level = any(%(levels)s)
    group by 1, 2
),
named as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then p.day
            else (date_trunc(%(granularity)s, p.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        case when 'feature' = any(%(groups)s) then feature end as feature,
        case when 'model' = any(%(groups)s) then model end as model,
        case when 'workload' = any(%(groups)s) then workload end as workload,
        case when 'experiment' = any(%(groups)s) then experiment end as experiment,
        case when 'team' = any(%(groups)s) then team end as team,
        case when 'environment' = any(%(groups)s) then environment end as environment,
        case
            when not 'activity' = any(%(groups)s) then null
            when kind = 'workload' or concat(workload, model, feature, experiment, team) <> ''
            then activity
            else ''
        end as activity,
        case when 'state' = any(%(groups)s) then state end as state, kind,
        case when 'source' = any(%(groups)s) then source_id end as source_id, currency, expected,
        case when 'base_model' = any(%(groups)s) then coalesce(a.base_model, p.model) end
            as base_model,
        case when 'model_family' = any(%(groups)s) then coalesce(a.model_family, '') end
            as model_family,
        case when 'product' = any(%(groups)s) then coalesce(a.product, '') end
            as product,
        case when 'department' = any(%(groups)s) then coalesce(a.department, '') end
            as department,
        case when 'cost_centre' = any(%(groups)s) then coalesce(a.cost_centre, '') end
            as cost_centre,
        case when 'project' = any(%(groups)s) then coalesce(a.project, '') end
            as project,
        case when 'layer' = any(%(groups)s) then aicost_layer(p.kind, p.activity, p.is_api) end
            as layer
    from part p
    left join above a on a.id = p.id and a.day = p.day
    where (%(f_base_model)s::text[] is null
            or coalesce(a.base_model, p.model) = any(%(f_base_model)s))
        and (%(f_model_family)s::text[] is null
            or coalesce(a.model_family, '') = any(%(f_model_family)s))
        and (%(f_product)s::text[] is null or coalesce(a.product, '') = any(%(f_product)s))
        and (%(f_department)s::text[] is null or coalesce(a.department, '') = any(%(f_department)s))
        and (%(f_cost_centre)s::text[] is null
            or coalesce(a.cost_centre, '') = any(%(f_cost_centre)s))
        and (%(f_project)s::text[] is null or coalesce(a.project, '') = any(%(f_project)s))
),
lined as (
    select n.*, case
        when not %(naming)s and not 'kind' = any(%(groups)s) and state is null then 'owned'
        when concat(feature, model, workload, experiment, team, environment, activity,
            base_model, model_family, product, department, cost_centre, project, layer) <> ''
        then 'owned'
        when not %(naming)s and kind = 'workload' then 'owned'
        else kind
    end as line
    from named n
)
select
    l.period, l.feature, l.model, l.workload, l.experiment, l.team, l.environment, l.activity,
    l.base_model, l.model_family, l.product, l.department, l.cost_centre, l.project, l.layer,
    case when 'kind' = any(%(groups)s) then l.kind end as kind, l.state, s.name as source, l.line,
    l.currency, sum(l.expected) as estimated_cost
from lined l
left join ingest_source s on s.id = l.source_id
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    20
having sum(l.expected) is null or sum(l.expected) <> 0
order by
    1, 21 desc nulls last, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
