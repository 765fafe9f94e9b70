-- Money of inference per group: marginal is active, loaded adds its own idle and what is spread on
-- it. Training and everything else stand in columns of their own. '' is not set or not asked for.
with target as (
    select
        id, kind, activity,
        case when 'model' = any(%(groups)s) then model else '' end as model,
        case when 'feature' = any(%(groups)s) then feature else '' end as feature,
        case when 'workload' = any(%(groups)s) then workload else '' end as workload,
        case when 'experiment' = any(%(groups)s) then experiment else '' end as experiment,
        case when 'team' = any(%(groups)s) then team else '' end as team,
        case when 'environment' = any(%(groups)s) then environment else '' end as environment
    from attribution_target
    where (%(teams)s::text[] is null or team = any(%(teams)s))
        and (%(f_model)s::text[] is null or model = any(%(f_model)s))
        and (%(f_feature)s::text[] is null or feature = any(%(f_feature)s))
        and (%(f_workload)s::text[] is null or workload = any(%(f_workload)s))
        and (%(f_experiment)s::text[] is null or experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or team = any(%(f_team)s))
        and (%(f_environment)s::text[] is null or environment = any(%(f_environment)s))
),
part as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then c.day
            else (date_trunc(%(granularity)s, c.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        c.target_id, c.currency,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as own,
        sum(case when %(idle)s = 'spread' then case %(basis)s
            when 'billed' then c.idle_spread_billed else c.idle_spread_effective end end)
            as idle_spread,
        sum(case when %(shared)s = 'spread' then case %(basis)s
            when 'billed' then c.shared_spread_billed else c.shared_spread_effective end end)
            as shared_spread
    from aicost_cost(%(start)s, %(end)s, 'target', %(step)s, '{}') c
    where not %(picks)s or c.target_id in (select id from target)
    group by 1, 2, 3
),
summed as (
    select
        period, model, feature, workload, experiment, team, environment, currency,
        sum(own) filter (where kind = 'workload' and activity = 'inference') as marginal_cost,
        sum(own) filter (where kind = 'idle' and activity = 'inference') as idle_cost,
        sum(idle_spread) filter (where kind = 'workload' and activity = 'inference')
            as idle_spread,
        sum(shared_spread) filter (where kind = 'workload' and activity = 'inference')
            as shared_spread,
        sum(own) filter (where kind in ('workload', 'idle') and activity = 'training')
            as training_cost,
        sum(own) + coalesce(sum(idle_spread), 0) + coalesce(sum(shared_spread), 0) as cost
    from part
    join target on target.id = target_id
    group by 1, 2, 3, 4, 5, 6, 7, 8
)
select * from summed
where marginal_cost is not null or idle_cost is not null or training_cost is not null
