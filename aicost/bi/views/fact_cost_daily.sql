-- The rollup as it is, a row a day and everything that tells money apart. What is not asked for is
-- not worked out: all that is joined but the target can be left out by the planner.
create or replace view reporting_v1.fact_cost_daily as
select
    md5(row(
        c.day - date '2000-01-01', c.billing_period - date '2000-01-01', s.name, c.currency,
        t.kind, t.state, t.activity, t.workload, t.model, t.feature, t.experiment, t.team,
        t.environment, c.sub_account_id, c.service_name, c.region_id, c.charge_category,
        c.evidence, c.is_long, c.is_month_spread
    )::text)::uuid as row_id,
    c.day as usage_date,
    c.billing_period,
    c.source_id,
    s.name as source,
    c.target_id,
    t.kind,
    t.state,
    case
        when t.kind = 'workload'
            or concat(t.workload, t.model, t.feature, t.experiment, t.team) <> ''
        then t.activity
        else ''
    end as activity,
    t.workload,
    t.model,
    t.feature,
    t.experiment,
    t.team,
    t.environment,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'base_model' and e.dimension = 'model' and e.name = t.model
            and (e.valid_from is null or e.valid_from <= c.day)
            and (e.valid_to is null or e.valid_to > c.day)
    ), t.model) as base_model,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'model_family' and e.dimension = 'model' and e.name = t.model
            and (e.valid_from is null or e.valid_from <= c.day)
            and (e.valid_to is null or e.valid_to > c.day)
    ), '') as model_family,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'product' and e.dimension = 'feature' and e.name = t.feature
            and (e.valid_from is null or e.valid_from <= c.day)
            and (e.valid_to is null or e.valid_to > c.day)
    ), '') as product,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'department' and e.dimension = 'team' and e.name = t.team
            and (e.valid_from is null or e.valid_from <= c.day)
            and (e.valid_to is null or e.valid_to > c.day)
    ), '') as department,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'cost_centre' and e.dimension = 'team' and e.name = t.team
            and (e.valid_from is null or e.valid_from <= c.day)
            and (e.valid_to is null or e.valid_to > c.day)
    ), '') as cost_centre,
    coalesce((
        select e.above from attribution_entityabove e
        where e.level = 'project' and e.dimension = 'experiment' and e.name = t.experiment
            and (e.valid_from is null or e.valid_from <= c.day)
            and (e.valid_to is null or e.valid_to > c.day)
    ), '') as project,
    aicost_layer(t.kind, t.activity, (c.source_id, c.service_name) in (
        select a.source_id, a.service_name from attribution_modelapi a
    )) as layer,
    c.sub_account_id as account,
    c.service_name as service,
    c.region_id as region,
    c.charge_category,
    c.evidence,
    c.currency,
    c.effective_cost as cost,
    c.billed_cost,
    c.list_cost,
    c.contracted_cost,
    c.idle_spread_effective as idle_spread,
    c.shared_spread_effective as shared_spread,
    c.idle_spread_billed,
    c.shared_spread_billed,
    case c.currency when 'USD' then c.effective_cost else c.effective_cost * u.rate end as cost_usd,
    case c.currency when 'USD' then c.billed_cost else c.billed_cost * u.rate end
        as billed_cost_usd,
    c.day <= f.final_through and coalesce(d.dirty_version <= d.published_version, false)
        as is_final,
    d.published_at as updated_at,
    d.rule_set_id as rule_version
from attribution_costday c
join attribution_target t on t.id = c.target_id
left join ingest_source s on s.id = c.source_id
left join attribution_daystate d on d.source_id = c.source_id and d.day = c.day
left join bi_finality f on f.source_id = c.source_id
left join bi_usd_rate u on u.currency = c.currency
    and u.month = date_trunc('month', c.day::timestamp)::date
