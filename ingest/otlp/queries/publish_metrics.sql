-- Rows from metrics into the ledger and, as they are, into their day's rollup.
with told as (
    select *
    from jsonb_to_recordset(%(rows)s::jsonb) as row (
        event_id text, time timestamptz, provider text, model text, workload text,
        activity text, feature text, experiment text, team text, environment text,
        customer text, region text, service_tier text, requests bigint, successes bigint,
        input_tokens bigint, cached_input_tokens bigint, output_tokens bigint,
        latency_histogram jsonb
    )
), added as (
    insert into ingest_usage (
        source_id, delivery_id, hour, event_id, time, provider, model, workload, activity,
        feature, experiment, team, environment, customer, region, service_tier, requests,
        successes, input_tokens, cached_input_tokens, output_tokens, latency_histogram
    )
    select
        %(source_id)s, %(delivery_id)s, date_trunc('hour', time, 'UTC'), event_id, time,
        coalesce(provider, ''), coalesce(model, ''), coalesce(workload, ''),
        coalesce(activity, ''), coalesce(feature, ''), coalesce(experiment, ''),
        coalesce(team, ''), coalesce(environment, ''), coalesce(customer, ''),
        coalesce(region, ''), coalesce(service_tier, ''), requests, successes, input_tokens,
        cached_input_tokens, output_tokens, latency_histogram
    from told
    on conflict (source_id, event_id, hour) where event_id is not null do nothing
    returning *
), summed as (
    insert into ingest_usageday (
        source_id, day, provider, model, workload, activity, feature, experiment, team,
        environment, requests, successes, input_tokens, cached_input_tokens, output_tokens,
        latency_histogram
    )
    select
        source_id, (hour at time zone 'UTC')::date, provider, model, workload, activity,
        feature, experiment, team, environment, requests, successes, input_tokens,
        cached_input_tokens, output_tokens, latency_histogram
    from added
)
select distinct (hour at time zone 'UTC')::date from added
