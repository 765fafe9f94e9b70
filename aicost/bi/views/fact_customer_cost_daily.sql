create or replace view reporting_v1.fact_customer_cost_daily as
select
    md5(row(
        c.day - date '2000-01-01', c.customer, c.currency, t.kind, t.state, t.activity, t.workload,
        t.model, t.feature, t.experiment, t.team, t.environment
    )::text)::uuid as row_id,
    c.day as usage_date,
    c.customer,
    c.target_id,
    t.activity,
    t.workload,
    t.model,
    t.feature,
    t.experiment,
    t.team,
    t.environment,
    c.currency,
    c.effective_cost as cost,
    c.billed_cost,
    case c.currency when 'USD' then c.effective_cost else c.effective_cost * u.rate end as cost_usd
from attribution_customercost c
join attribution_target t on t.id = c.target_id
left join bi_usd_rate u on u.currency = c.currency
    and u.month = date_trunc('month', c.day::timestamp)::date
where c.grain = 'day'
