create or replace view reporting_v1.fact_unit_cost_daily as
select
    md5(row(
        u.day - date '2000-01-01', u.currency, u.model, u.feature, u.workload, u.experiment,
        u.team, u.environment
    )::text)::uuid as row_id,
    u.day as usage_date,
    date_trunc('month', u.day::timestamp)::date as billing_period,
    u.model,
    u.feature,
    u.workload,
    u.experiment,
    u.team,
    u.environment,
    u.currency,
    u.marginal_cost,
    u.idle_cost,
    u.idle_spread,
    u.shared_spread,
    u.loaded_cost,
    u.training_cost,
    u.other_cost,
    case u.currency when 'USD' then u.loaded_cost else u.loaded_cost * r.rate end
        as loaded_cost_usd,
    u.requests,
    u.successes,
    u.attempts,
    u.outcomes,
    u.tokens,
    u.input_tokens,
    u.output_tokens,
    u.images,
    u.audio_ms,
    u.characters,
    u.marginal_cost_per_inference,
    u.loaded_cost_per_inference,
    u.marginal_cost_per_million_tokens,
    u.loaded_cost_per_million_tokens,
    m.made_at as updated_at
from bi_unitcost u
left join bi_usd_rate r on r.currency = u.currency
    and r.month = date_trunc('month', u.day::timestamp)::date
left join bi_month m on m.month = date_trunc('month', u.day::timestamp)::date
