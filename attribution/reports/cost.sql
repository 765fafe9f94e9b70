-- Cost by any dimensions of the target and the rollup. A dimension that is not asked for is null,
-- one that is asked for but not set is ''. Binds: attribution/reports/binds.py.
with target as (
    select
        id, kind,
        case when 'feature' = any(%(groups)s) then feature end as feature,
        case when 'model' = any(%(groups)s) then model end as model,
        case when 'workload' = any(%(groups)s) then workload end as workload,
        case when 'experiment' = any(%(groups)s) then experiment end as experiment,
        case when 'team' = any(%(groups)s) then team end as team,
        case when 'environment' = any(%(groups)s) then environment end as environment,
        case when 'activity' = any(%(groups)s) then owned_activity end as activity,
        case when 'kind' = any(%(groups)s) then kind end as by_kind,
        case when 'state' = any(%(groups)s) then state end as by_state
    from (
        select *, case
            when kind = 'workload' or concat(workload, model, feature, experiment, team) <> ''
            then activity else ''
        end as owned_activity
        from attribution_target
    ) t
    where (%(teams)s::text[] is null or team = any(%(teams)s))
        and (%(f_feature)s::text[] is null or feature = any(%(f_feature)s))
        and (%(f_model)s::text[] is null or model = any(%(f_model)s))
        and (%(f_workload)s::text[] is null or workload = any(%(f_workload)s))
        and (%(f_experiment)s::text[] is null or experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or team = any(%(f_team)s))
        and (%(f_environment)s::text[] is null or environment = any(%(f_environment)s))
        and (%(f_activity)s::text[] is null or activity = any(%(f_activity)s))
        and (%(f_kind)s::text[] is null or kind = any(%(f_kind)s))
        and (%(f_state)s::text[] is null or state = any(%(f_state)s))
),
lined as (
    select target.*, case
        when not %(naming)s and not %(by_kind)s then 'owned'
        when concat(feature, model, workload, experiment, team, environment, activity) <> ''
        then 'owned'
        when not %(naming)s and kind = 'workload' then 'owned'
        else kind
    end as line
    from target
),
part as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            else date_trunc(%(granularity)s, c.day::timestamp)::date
        end as period,
        t.feature, t.model, t.workload, t.experiment, t.team, t.environment, t.activity,
        t.by_kind as kind, t.by_state as state, t.line, c.currency,
        case when 'source' = any(%(groups)s) then c.source_id end as source_id,
        case when 'account' = any(%(groups)s) then c.sub_account_id end as account,
        case when 'service' = any(%(groups)s) then c.service_name end as service,
        case when 'region' = any(%(groups)s) then c.region_id end as region,
        case when 'charge_category' = any(%(groups)s) then c.charge_category end
            as charge_category,
        case when 'evidence' = any(%(groups)s) then c.evidence end as evidence,
        sum(m.own) as own_cost,
        coalesce(sum(m.own) filter (where t.kind = 'idle'), 0) as idle_cost,
        sum(case %(idle)s when 'spread' then m.idle_spread else 0 end) as idle_spread,
        sum(case %(shared)s when 'spread' then m.shared_spread else 0 end) as shared_spread,
        coalesce(sum(m.own) filter (where c.evidence = 'measured'), 0) as measured_cost,
        coalesce(sum(m.own) filter (where c.evidence = 'tagged'), 0) as tagged_cost,
        coalesce(sum(m.own) filter (where c.evidence = 'inferred'), 0) as inferred_cost,
        coalesce(sum(m.own) filter (where c.evidence = 'fallback'), 0) as fallback_cost
    from attribution_costday c
    join lined t on t.id = c.target_id
    cross join lateral (
        select
            case %(basis)s when 'billed' then c.billed_cost
                else c.effective_cost end as own,
            case %(basis)s when 'billed' then c.idle_spread_billed
                else c.idle_spread_effective end as idle_spread,
            case %(basis)s when 'billed' then c.shared_spread_billed
                else c.shared_spread_effective end as shared_spread
    ) m
    where c.day >= %(start)s and c.day < %(end)s
        and (%(f_source)s::text[] is null
            or c.source_id in (select id from ingest_source where name = any(%(f_source)s)))
        and (%(f_account)s::text[] is null or c.sub_account_id = any(%(f_account)s))
        and (%(f_service)s::text[] is null or c.service_name = any(%(f_service)s))
        and (%(f_region)s::text[] is null or c.region_id = any(%(f_region)s))
        and (%(f_charge_category)s::text[] is null
            or c.charge_category = any(%(f_charge_category)s))
        and (%(f_evidence)s::text[] is null or c.evidence = any(%(f_evidence)s))
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
)
select
    part.*, s.name as source, own_cost + idle_spread + shared_spread as cost
from part
left join ingest_source s on s.id = part.source_id
where own_cost + idle_spread + shared_spread <> 0
    or line not in ('idle', 'shared') or (idle_spread = 0 and shared_spread = 0)
order by
    period, array_position(array['owned', 'workload', 'shared', 'idle', 'unattributed'], line),
    cost desc, feature, model, workload, experiment, team, environment, activity, kind, state,
    source, account, service, region, charge_category, evidence, currency
