-- Cost by any dimensions of the target, of what stands above it, and of the rollup. A dimension
-- that is not asked for is null, one that is asked for but not set is ''. Targets that this
-- question calls the same have one number (place, in the order of their names), under which they
-- are summed: many rows are grouped and sorted by numbers and not by names. What stands above them
-- is told by the days from one change to the next (segment). The grains `service` and `period` know
-- no targets, only kind and state, or kind alone: so few rows a day that no months are kept.
with target as not materialized (
    select
        id, kind, model as own_model, feature as own_feature, team as own_team,
        experiment as own_experiment, activity as own_activity,
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
        case when 'state' = any(%(groups)s) then state end as state
    from attribution_target
    where %(grain)s not in ('service', 'period')
        and (%(teams)s::text[] is null or team = any(%(teams)s))
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
above as materialized (
    -- What stands above the names of a target on the days from one change to the next.
    select
        t.id as target_id, d.segment,
        max(e.above) filter (where e.level = 'base_model') as base_model,
        max(e.above) filter (where e.level = 'model_family') as model_family,
        max(e.above) filter (where e.level = 'product') as product,
        max(e.above) filter (where e.level = 'department') as department,
        max(e.above) filter (where e.level = 'cost_centre') as cost_centre,
        max(e.above) filter (where e.level = 'project') as project
    from target t
    cross join lateral (values ('model', t.own_model), ('feature', t.own_feature),
        ('team', t.own_team), ('experiment', t.own_experiment)) n (dimension, name)
    join attribution_entityabove e on e.dimension = n.dimension and e.name = n.name
    join unnest(array[%(start)s::date] || %(cuts)s::date[]) with ordinality d (day, segment)
        on (e.valid_from is null or e.valid_from <= d.day)
            and (e.valid_to is null or e.valid_to > d.day)
    where cardinality(%(levels)s::text[]) > 0 and e.level = any(%(levels)s)
    group by 1, 2
),
label as (
    select
        t.id as target_id, d.segment, t.kind, t.feature, t.model, t.workload, t.experiment, t.team,
        t.environment, t.activity, t.state,
        case when %(layered)s then t.own_activity end as own_activity,
        case when 'base_model' = any(%(groups)s) then coalesce(a.base_model, t.own_model) end
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
            as project
    from target t
    cross join unnest(array[%(start)s::date] || %(cuts)s::date[]) with ordinality d (day, segment)
    left join above a on a.target_id = t.id and a.segment = d.segment
    where (%(f_base_model)s::text[] is null
            or coalesce(a.base_model, t.own_model) = any(%(f_base_model)s))
        and (%(f_model_family)s::text[] is null
            or coalesce(a.model_family, '') = any(%(f_model_family)s))
        and (%(f_product)s::text[] is null or coalesce(a.product, '') = any(%(f_product)s))
        and (%(f_department)s::text[] is null or coalesce(a.department, '') = any(%(f_department)s))
        and (%(f_cost_centre)s::text[] is null
            or coalesce(a.cost_centre, '') = any(%(f_cost_centre)s))
        and (%(f_project)s::text[] is null or coalesce(a.project, '') = any(%(f_project)s))
),
numbered as materialized (
    select
        *, case
            when concat(feature, model, workload, experiment, team, environment, activity,
                base_model, model_family, product, department, cost_centre, project) <> '' then 1
            when not %(naming)s and kind = 'workload' then 1
            else array_position(array['owned', 'workload', 'shared', 'idle', 'unattributed'], kind)
        end as nth,
        case when %(layered)s then aicost_layer(kind, own_activity, true) end as layer_by_api,
        case when %(layered)s then aicost_layer(kind, own_activity, false) end as layer_else,
        dense_rank() over (order by feature, model, workload, experiment, team, environment,
            activity, case when 'kind' = any(%(groups)s) then kind end, state, base_model,
            model_family, product, department, cost_centre, project) as place
    from label
),
shown as materialized (
    select distinct on (place) * from numbered order by place
),
api as (
    select source_id, service_name from attribution_modelapi where %(layered)s
),
part as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then c.day
            else (date_trunc(%(granularity)s, c.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        n.place, n.nth, c.evidence, c.currency,
        case when %(grain)s in ('service', 'period') then c.kind else n.kind end as kind,
        case when %(grain)s in ('service', 'period') and 'state' = any(%(groups)s) then c.state end
            as state,
        case when 'source' = any(%(groups)s) then c.source_id end as source_id,
        case when 'account' = any(%(groups)s) then c.sub_account_id end as account,
        case when 'service' = any(%(groups)s) then c.service_name end as service,
        case when 'region' = any(%(groups)s) then c.region_id end as region,
        case when 'charge_category' = any(%(groups)s) then c.charge_category end as category,
        case
            when not %(layered)s then null
            when (c.source_id, c.service_name) in (select source_id, service_name from api)
            then n.layer_by_api
            else n.layer_else
        end as layer,
        case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end as own,
        case %(basis)s when 'billed' then c.idle_spread_billed else c.idle_spread_effective end
            as idle_spread,
        case %(basis)s when 'billed' then c.shared_spread_billed else c.shared_spread_effective end
            as shared_spread
    from aicost_cost(%(start)s, %(end)s, %(grain)s,
        case %(grain)s when 'period' then 'day' else %(step)s end, %(cuts)s::date[]) c
    left join numbered n on n.target_id = c.target_id
        -- Without cuts nothing is compared, so that the planner knows how many rows there are: it
        -- hashes and loops over nothing.
        and (cardinality(%(cuts)s::date[]) = 0
            or n.segment = width_bucket(c.day, %(cuts)s::date[]) + 1)
    where (%(f_source)s::text[] is null
            or c.source_id in (select id from ingest_source where name = any(%(f_source)s)))
        and (%(f_account)s::text[] is null or c.sub_account_id = any(%(f_account)s))
        and (%(f_service)s::text[] is null or c.service_name = any(%(f_service)s))
        and (%(f_region)s::text[] is null or c.region_id = any(%(f_region)s))
        and (%(f_charge_category)s::text[] is null
            or c.charge_category = any(%(f_charge_category)s))
        and (%(f_evidence)s::text[] is null or c.evidence = any(%(f_evidence)s))
        and (%(grain)s not in ('service', 'period') or (
            (%(f_kind)s::text[] is null or c.kind = any(%(f_kind)s))
            and (%(f_state)s::text[] is null or c.state = any(%(f_state)s))))
        and (%(grain)s in ('service', 'period') or n.place is not null)
),
lined as (
    select p.period, p.place, p.evidence, p.currency, p.kind, p.state, p.source_id, p.account,
        p.service, p.region, p.category, p.layer, p.own, p.idle_spread, p.shared_spread, case
            when not %(naming)s and not 'kind' = any(%(groups)s) and not 'state' = any(%(groups)s)
            then 1
            when 'layer' = any(%(groups)s) and layer <> '' then 1
            when %(grain)s not in ('service', 'period') then nth
            when kind = 'workload' then 1
            else array_position(array['owned', 'workload', 'shared', 'idle', 'unattributed'], kind)
        end as nth
    from part p
    where %(f_layer)s::text[] is null or layer = any(%(f_layer)s)
),
summed as (
    select
        period, nth, place, currency, source_id, account, service, region,
        category as charge_category, state,
        case when 'layer' = any(%(groups)s) then layer end as layer,
        case when 'kind' = any(%(groups)s) then kind end as kind,
        case when 'evidence' = any(%(groups)s) then evidence end as evidence,
        sum(own) as own,
        sum(own) filter (where kind = 'idle') as idle_cost,
        sum(idle_spread) filter (where %(idle)s = 'spread') as idle_spread,
        sum(shared_spread) filter (where %(shared)s = 'spread') as shared_spread,
        sum(own) filter (where evidence = 'measured') as measured_cost,
        sum(own) filter (where evidence = 'tagged') as tagged_cost,
        sum(own) filter (where evidence = 'inferred') as inferred_cost,
        sum(own) filter (where evidence = 'fallback') as fallback_cost
    from lined
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
)
select
    period, summed.nth, own + coalesce(idle_spread, 0) + coalesce(shared_spread, 0) as cost,
    summed.place, summed.kind, coalesce(t.state, summed.state) as state, layer,
    s.name as source, account, service, region, charge_category, evidence, currency,
    (array['owned', 'workload', 'shared', 'idle', 'unattributed'])[summed.nth] as line,
    coalesce(idle_cost, 0) as idle_cost, coalesce(idle_spread, 0) as idle_spread,
    coalesce(shared_spread, 0) as shared_spread, coalesce(measured_cost, 0) as measured_cost,
    coalesce(tagged_cost, 0) as tagged_cost, coalesce(inferred_cost, 0) as inferred_cost,
    coalesce(fallback_cost, 0) as fallback_cost,
    t.feature, t.model, t.workload, t.experiment, t.team, t.environment, t.activity, t.base_model,
    t.model_family, t.product, t.department, t.cost_centre, t.project, 0::numeric as estimated_cost
from summed
left join shown t on t.place = summed.place
left join ingest_source s on s.id = summed.source_id
order by
    period, summed.nth, cost desc, summed.place, summed.kind, summed.state, layer, s.name, account,
    service, region, charge_category, evidence, currency
