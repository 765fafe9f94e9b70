-- GPU-hours and their money by state. Hours count once per resource, whatever is charged for it.
with sums as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then g.day
            else (date_trunc(%(granularity)s, g.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        case when 'source' = any(%(groups)s) then s.name end as source,
        case when 'resource' = any(%(groups)s) then g.resource_id end as resource,
        case when 'instance_type' = any(%(groups)s) then g.instance_type end as instance_type,
        case when 'node' = any(%(groups)s) then coalesce(n.node, '') end as node,
        case when 'workload' = any(%(groups)s) then t.workload end as workload,
        case when 'model' = any(%(groups)s) then t.model end as model,
        case when 'feature' = any(%(groups)s) then t.feature end as feature,
        case when 'experiment' = any(%(groups)s) then t.experiment end as experiment,
        case when 'team' = any(%(groups)s) then t.team end as team,
        case when 'environment' = any(%(groups)s) then t.environment end as environment,
        case when 'activity' = any(%(groups)s) then t.activity end as activity,
        case when 'cluster' = any(%(groups)s) then coalesce(n.cluster, '') end as cluster,
        t.state, g.currency, sum(g.gpu_ms) as gpu_ms,
        max(g.last_seen) filter (where t.state <> 'unobserved') as last_seen,
        min(g.instance_type) as first_type, max(g.instance_type) as last_type,
        sum(case %(basis)s when 'billed' then g.billed_cost else g.effective_cost end) as cost
    from aicost_gpu(%(start)s, %(end)s, %(step)s,
                    %(groups)s::text[] && array['node', 'cluster']) g
    join attribution_target t on t.id = g.target_id
    join ingest_source s on s.id = g.source_id
    left join lateral (
        select min(m.node) as node, min(m.cluster) as cluster from ingest_resourcemap m
        where %(groups)s::text[] && array['node', 'cluster'] and m.resource_id = g.resource_id
            and (m.valid_from is null or m.valid_from <= g.on_day)
            and (m.valid_to is null or m.valid_to > g.on_day)
    ) n on true
    where (%(teams)s::text[] is null or t.team = any(%(teams)s))
        and (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
        and (%(f_resource)s::text[] is null or g.resource_id = any(%(f_resource)s))
        and (%(f_instance_type)s::text[] is null or g.instance_type = any(%(f_instance_type)s))
        and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
        and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
        and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
        and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
        and (%(f_environment)s::text[] is null or t.environment = any(%(f_environment)s))
        and (%(f_activity)s::text[] is null or t.activity = any(%(f_activity)s))
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        15
)
select
    period, source, resource, instance_type, node, workload, model, feature, experiment, team,
    environment, activity, cluster, currency, sum(gpu_ms)::bigint as gpu_ms,
    max(last_seen) as last_seen,
    case when min(first_type) = max(last_type) then max(last_type) else '' end as machine,
    coalesce(sum(gpu_ms) filter (where state = 'active'), 0)::bigint as active_ms,
    coalesce(sum(gpu_ms) filter (where state = 'held_idle'), 0)::bigint as held_idle_ms,
    coalesce(sum(gpu_ms) filter (where state = 'empty_idle'), 0)::bigint as empty_idle_ms,
    coalesce(sum(gpu_ms) filter (where state = 'unreserved'), 0)::bigint as unreserved_ms,
    coalesce(sum(gpu_ms) filter (where state = 'unobserved'), 0)::bigint as unobserved_ms,
    sum(cost) as cost,
    coalesce(sum(cost) filter (where state = 'active'), 0) as active_cost,
    coalesce(sum(cost) filter (where state = 'held_idle'), 0) as held_idle_cost,
    coalesce(sum(cost) filter (where state = 'empty_idle'), 0) as empty_idle_cost,
    coalesce(sum(cost) filter (where state = 'unreserved'), 0) as unreserved_cost,
    coalesce(sum(cost) filter (where state = 'unobserved'), 0) as unobserved_cost
from sums
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
order by
    period, cost desc, source, resource, instance_type, node, workload, model, feature,
    experiment, team, environment, activity, cluster, currency
