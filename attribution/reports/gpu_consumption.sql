-- The money of GPU time by reservation, as it stands in the ledger, beside the same money by what
-- was consumed. Both add up to the same sum. Hours count once per resource.
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
        case when 'state' = any(%(groups)s) then t.state end as state,
        case when 'workload' = any(%(groups)s) then t.workload end as workload,
        case when 'model' = any(%(groups)s) then t.model end as model,
        case when 'feature' = any(%(groups)s) then t.feature end as feature,
        case when 'experiment' = any(%(groups)s) then t.experiment end as experiment,
        case when 'team' = any(%(groups)s) then t.team end as team,
        case when 'environment' = any(%(groups)s) then t.environment end as environment,
        case when 'activity' = any(%(groups)s) then t.activity end as activity,
        g.currency,
        sum(g.gpu_ms)::bigint as gpu_ms,
        coalesce(sum(g.gpu_ms) filter (
            where t.state in ('active', 'held_idle', 'empty_idle')), 0)::bigint as reserved_ms,
        sum(g.process_ms)::bigint as process_ms, sum(g.alone_ms)::bigint as alone_ms,
        sum(g.sm_ms)::bigint as sm_ms, sum(g.sm_known_ms)::bigint as sm_known_ms,
        sum(g.gr_ms)::bigint as gr_ms, sum(g.gr_known_ms)::bigint as gr_known_ms,
        sum(case %(basis)s when 'billed' then g.billed_cost else g.effective_cost end) as cost,
        sum(case %(basis)s
            when 'billed' then coalesce(g.used_billed_cost, g.billed_cost)
            else coalesce(g.used_effective_cost, g.effective_cost) end) as consumption_cost
    from attribution_gpuday g
    join attribution_target t on t.id = g.target_id
    join ingest_source s on s.id = g.source_id
    where g.day >= %(start)s and g.day < %(end)s
        and (%(teams)s::text[] is null or t.team = any(%(teams)s))
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
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
)
select *, consumption_cost - cost as difference
from sums
order by
    period, consumption_cost desc, source, resource, instance_type, state, workload, model,
    feature, experiment, team, environment, activity, currency
