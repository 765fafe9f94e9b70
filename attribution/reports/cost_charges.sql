-- Cost by dimensions that only single charges know. `named` holds the values of the series in the
-- order of series_groups; invoice and rule are no part of a series. Else as cost.sql.
with target as (
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
    where e.level = any(%(levels)s)
    group by 1, 2
),
series as materialized (
    select
        h.id, h.billing_currency as currency,
        case when 'source' = any(%(groups)s) then h.source_id end as source_id,
        case when 'account' = any(%(groups)s) then h.sub_account_id end as account,
        case when 'service' = any(%(groups)s) then h.service_name end as service,
        case when 'region' = any(%(groups)s) then h.region_id end as region,
        case when 'charge_category' = any(%(groups)s) then h.charge_category end as category,
        case when %(layered)s then (h.source_id, h.service_name) in (
            select source_id, service_name from attribution_modelapi) end as is_api,
        array(
            select coalesce(d.of ->> g.name, h.tags ->> substr(g.name, 5), '')
            from unnest(%(series_groups)s::text[]) with ordinality g (name, nth)
            order by g.nth
        ) as named
    from ingest_chargeseries h
    cross join lateral (select jsonb_build_object(
        'provider', h.provider, 'billing_account', h.billing_account_id,
        'service_category', h.service_category, 'sku', h.sku_id, 'sku_meter', h.sku_meter,
        'operation', h.operation, 'resource', h.resource_id, 'resource_type', h.resource_type,
        'instance_type', h.instance_type, 'zone', h.availability_zone,
        'pricing_category', h.pricing_category, 'charge_class', h.charge_class,
        'commitment', h.commitment_discount_id) as of) d
    where not exists (
            select from jsonb_each(%(series_filters)s::jsonb) f (name, accepted)
            where not f.accepted ? coalesce(d.of ->> f.name, h.tags ->> substr(f.name, 5), '')
        )
        and (%(f_source)s::text[] is null
            or h.source_id in (select id from ingest_source where name = any(%(f_source)s)))
        and (%(f_account)s::text[] is null or h.sub_account_id = any(%(f_account)s))
        and (%(f_service)s::text[] is null or h.service_name = any(%(f_service)s))
        and (%(f_region)s::text[] is null or h.region_id = any(%(f_region)s))
        and (%(f_charge_category)s::text[] is null
            or h.charge_category = any(%(f_charge_category)s))
),
part as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then a.day
            else (date_trunc(%(granularity)s, a.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as period,
        a.target_id, c.series_id, a.evidence,
        case when cardinality(%(cuts)s::date[]) = 0 then 1
            else width_bucket(a.day, %(cuts)s::date[]) + 1 end as segment,
        case when 'invoice' = any(%(groups)s) then c.invoice_id end as invoice,
        case when 'rule' = any(%(groups)s) then a.rule_id end as rule_id,
        sum(case %(basis)s when 'billed' then a.billed_cost else a.effective_cost end) as own
    from attribution_allocatedcharge a
    join ingest_charge c on c.day = a.day and c.id = a.charge_id
    where a.day >= %(start)s and a.day < %(end)s and c.day >= %(start)s and c.day < %(end)s
        and (%(f_evidence)s::text[] is null or a.evidence = any(%(f_evidence)s))
        and (%(f_invoice)s::text[] is null or c.invoice_id = any(%(f_invoice)s))
        and (%(f_rule)s::text[] is null or a.rule_id in (
            select id from attribution_allocationrule where key = any(%(f_rule)s)))
    group by 1, 2, 3, 4, 5, 6, 7
),
placed as (
    select p.period, p.own, p.evidence, p.invoice, r.key as rule, t.*, h.currency, h.source_id,
        h.account, h.service, h.region, h.category, h.named,
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
            as project,
        case when 'layer' = any(%(groups)s) then aicost_layer(t.kind, t.own_activity, h.is_api) end
            as layer
    from part p
    join target t on t.id = p.target_id
    join series h on h.id = p.series_id
    left join above a on a.target_id = p.target_id and a.segment = p.segment
    left join attribution_allocationrule r on r.id = p.rule_id
    where (%(f_base_model)s::text[] is null
            or coalesce(a.base_model, t.own_model) = any(%(f_base_model)s))
        and (%(f_model_family)s::text[] is null
            or coalesce(a.model_family, '') = any(%(f_model_family)s))
        and (%(f_product)s::text[] is null or coalesce(a.product, '') = any(%(f_product)s))
        and (%(f_department)s::text[] is null or coalesce(a.department, '') = any(%(f_department)s))
        and (%(f_cost_centre)s::text[] is null
            or coalesce(a.cost_centre, '') = any(%(f_cost_centre)s))
        and (%(f_project)s::text[] is null or coalesce(a.project, '') = any(%(f_project)s))
        and (%(f_layer)s::text[] is null
            or aicost_layer(t.kind, t.own_activity, h.is_api) = any(%(f_layer)s))
),
lined as (
    select p.*, case
        when not %(naming)s and not 'kind' = any(%(groups)s) and state is null then 'owned'
        when concat(feature, model, workload, experiment, team, environment, activity,
            base_model, model_family, product, department, cost_centre, project, layer) <> ''
        then 'owned'
        when not %(naming)s and kind = 'workload' then 'owned'
        else kind
    end as line
    from placed p
),
summed as (
    select
        period, feature, model, workload, experiment, team, environment, activity,
        base_model, model_family, product, department, cost_centre, project, layer,
        case when 'kind' = any(%(groups)s) then kind end as kind, state, source_id, account,
        service, region, category as charge_category,
        case when 'evidence' = any(%(groups)s) then evidence end as evidence, invoice, rule, named,
        line, currency, sum(own) as cost, 0::numeric as idle_spread, 0::numeric as shared_spread,
        coalesce(sum(own) filter (where kind = 'idle'), 0) as idle_cost,
        coalesce(sum(own) filter (where evidence = 'measured'), 0) as measured_cost,
        coalesce(sum(own) filter (where evidence = 'tagged'), 0) as tagged_cost,
        coalesce(sum(own) filter (where evidence = 'inferred'), 0) as inferred_cost,
        coalesce(sum(own) filter (where evidence = 'fallback'), 0) as fallback_cost
    from lined
    group by
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
        26, 27, 28
)
select summed.*, s.name as source, 0::numeric as estimated_cost
from summed
left join ingest_source s on s.id = summed.source_id
order by
    period, array_position(array['owned', 'workload', 'shared', 'idle', 'unattributed'], line),
    cost desc, feature, model, workload, experiment, team, environment, activity, kind, state,
    base_model, model_family, product, department, cost_centre, project, layer,
    s.name, account, service, region, charge_category, evidence, invoice, rule, named, currency
