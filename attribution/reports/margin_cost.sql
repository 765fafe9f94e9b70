-- Cost per feature, in columns that add up. A service that bills by tokens is a model API: its
-- active inference is api_cost, that of everything else active_cost.
with api as materialized (
    select source_id, service_name from attribution_modelapi
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
        (c.source_id, c.service_name) in (select source_id, service_name from api) as is_api,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as own,
        sum(case when %(idle)s = 'spread' then case %(basis)s
            when 'billed' then c.idle_spread_billed else c.idle_spread_effective end end)
            as idle_spread,
        sum(case when %(shared)s = 'spread' then case %(basis)s
            when 'billed' then c.shared_spread_billed else c.shared_spread_effective end end)
            as shared_spread
    from aicost_cost(%(start)s, %(end)s, 'all', %(step)s, '{}') c
    where not %(picks)s or c.target_id in (
        select id from attribution_target where feature = any(%(f_feature)s))
    group by 1, 2, 3, 4
),
named as (
    select p.*, t.feature, t.kind, t.activity
    from part p
    join attribution_target t on t.id = p.target_id
)
select
    period, feature, case when feature <> '' then 'owned' else kind end as line, currency,
    coalesce(sum(own) filter (
        where kind = 'workload' and activity = 'inference' and not is_api), 0) as active_cost,
    coalesce(sum(own) filter (where kind = 'idle'), 0) as idle_cost,
    coalesce(sum(own) filter (
        where kind = 'workload' and activity = 'inference' and is_api), 0) as api_cost,
    coalesce(sum(own) filter (
        where kind = 'workload' and activity in ('training', 'experimentation')), 0)
        as training_cost,
    coalesce(sum(own) filter (where kind in ('shared', 'unattributed') or kind = 'workload'
        and activity not in ('inference', 'training', 'experimentation')), 0) as other_cost,
    coalesce(sum(idle_spread), 0) as idle_spread,
    coalesce(sum(shared_spread), 0) as shared_spread,
    sum(own) + coalesce(sum(idle_spread), 0) + coalesce(sum(shared_spread), 0) as cost
from named
group by 1, 2, 3, 4
