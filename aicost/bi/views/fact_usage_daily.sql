create or replace view reporting_v1.fact_usage_daily as
select
    md5(row(
        u.day - date '2000-01-01', s.name, u.model, u.model_version, u.feature, u.workload,
        u.experiment, u.team, u.environment
    )::text)::uuid as row_id,
    u.day as usage_date,
    date_trunc('month', u.day::timestamp)::date as billing_period,
    u.source_id,
    s.name as source,
    u.model,
    u.model_version,
    u.feature,
    u.workload,
    u.experiment,
    u.team,
    u.environment,
    u.requests,
    u.successes,
    u.attempts,
    u.outcomes,
    u.tokens,
    u.input_tokens,
    u.cached_input_tokens,
    u.output_tokens,
    u.reasoning_tokens,
    u.images,
    u.audio_ms,
    u.characters,
    m.made_at as updated_at
from bi_usage u
left join ingest_source s on s.id = u.source_id
left join bi_month m on m.month = date_trunc('month', u.day::timestamp)::date
