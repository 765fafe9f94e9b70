-- New calls into the ledger; one that stands already is a retry and changes nothing. What was
-- added is added to its day as rows of their own, merged when the day is settled.
with added as (
    insert into ingest_usage (
        source_id, delivery_id, hour, event_id, time, provider, model, model_version, workload,
        activity, serving_mode, pipeline, run, agent_step, feature, experiment, team,
        environment, customer, "user", status, region, service_tier, prompt_version,
        reported_currency, requests, successes, input_tokens, cached_input_tokens,
        cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
        audio_input_tokens, audio_output_tokens, image_input_tokens, gpu_ms,
        latency_histogram, reported_cost
    )
    select
        %(source_id)s, %(delivery_id)s, date_trunc('hour', time, 'UTC'), event_id, time,
        provider, model, model_version, workload, activity, serving_mode, pipeline, run,
        agent_step, feature, experiment, team, environment, customer, "user", status, region,
        service_tier, prompt_version, reported_currency, requests, successes, input_tokens,
        cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
        reasoning_tokens, audio_input_tokens, audio_output_tokens, image_input_tokens, gpu_ms,
        latency_histogram, reported_cost
    from stage_call
    on conflict (source_id, event_id, hour) where event_id is not null do nothing
    returning
        hour, provider, model, model_version, workload, activity, serving_mode, feature,
        experiment, team, environment, requests, successes, input_tokens, cached_input_tokens,
        cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
        audio_input_tokens, audio_output_tokens, image_input_tokens, gpu_ms, latency_histogram
), bucketed as (
    select
        (hour at time zone 'UTC')::date as day,
        provider, model, model_version, workload, activity, serving_mode, feature, experiment,
        team, environment, bucket, count(*) as calls, count(bucket) as timed,
        sum(requests) as requests, sum(successes) as successes,
        sum(input_tokens) as input_tokens, sum(cached_input_tokens) as cached_input_tokens,
        sum(cache_write_5m_tokens) as cache_write_5m_tokens,
        sum(cache_write_1h_tokens) as cache_write_1h_tokens,
        sum(output_tokens) as output_tokens, sum(reasoning_tokens) as reasoning_tokens,
        sum(audio_input_tokens) as audio_input_tokens,
        sum(audio_output_tokens) as audio_output_tokens,
        sum(image_input_tokens) as image_input_tokens, sum(gpu_ms) as gpu_ms,
        sum(case when successes = 0 and requests > 0 then
                coalesce(input_tokens, 0) + coalesce(cached_input_tokens, 0)
                + coalesce(cache_write_5m_tokens, 0) + coalesce(cache_write_1h_tokens, 0)
                + coalesce(output_tokens, 0) + coalesce(reasoning_tokens, 0)
                + coalesce(audio_input_tokens, 0) + coalesce(audio_output_tokens, 0)
                + coalesce(image_input_tokens, 0)
            else 0 end) filter (where successes is not null) as failed_tokens
    from added
    left join lateral jsonb_object_keys(latency_histogram) as one (bucket) on true
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
), summed as (
    insert into ingest_usageday (
        source_id, day, provider, model, model_version, workload, activity, serving_mode,
        feature, experiment, team, environment, requests, successes, input_tokens,
        cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
        reasoning_tokens, audio_input_tokens, audio_output_tokens, image_input_tokens, gpu_ms,
        failed_tokens, latency_histogram
    )
    select
        %(source_id)s, day, provider, model, model_version, workload, activity, serving_mode,
        feature, experiment, team, environment, sum(requests), sum(successes),
        sum(input_tokens), sum(cached_input_tokens), sum(cache_write_5m_tokens),
        sum(cache_write_1h_tokens), sum(output_tokens), sum(reasoning_tokens),
        sum(audio_input_tokens), sum(audio_output_tokens), sum(image_input_tokens), sum(gpu_ms),
        sum(failed_tokens), jsonb_object_agg(bucket, timed) filter (where bucket is not null)
    from bucketed
    group by
        day, provider, model, model_version, workload, activity, serving_mode, feature,
        experiment, team, environment
)
select day, sum(calls)::bigint as calls from bucketed group by day
