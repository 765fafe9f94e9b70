-- One (source, day) from nothing. Latency histograms add up bucket by bucket.
with usage as (
    select
        dense_rank() over (
            order by
                provider, model, model_version, workload, activity, serving_mode, feature,
                experiment, team, environment
        ) as place,
        *
    from ingest_usage
    where source_id = %(source_id)s
        and hour >= %(day)s::date::timestamp at time zone 'UTC'
        and hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
), latency as (
    select place, jsonb_object_agg(bucket, requests) as histogram
    from (
        select place, bucket, sum(told::bigint) as requests
        from usage, jsonb_each_text(latency_histogram) as each (bucket, told)
        group by place, bucket
    ) bucketed
    group by place
), summed as (
    select
        place,
        provider, model, model_version, workload, activity, serving_mode, feature,
        experiment, team, environment,
        sum(requests) as requests,
        sum(successes) as successes,
        sum(outcomes) as outcomes,
        sum(attempts) as attempts,
        sum(input_tokens) as input_tokens,
        sum(cached_input_tokens) as cached_input_tokens,
        sum(cache_write_5m_tokens) as cache_write_5m_tokens,
        sum(cache_write_1h_tokens) as cache_write_1h_tokens,
        sum(output_tokens) as output_tokens,
        sum(reasoning_tokens) as reasoning_tokens,
        sum(audio_input_tokens) as audio_input_tokens,
        sum(audio_output_tokens) as audio_output_tokens,
        sum(image_input_tokens) as image_input_tokens,
        sum(images) as images,
        sum(audio_ms) as audio_ms,
        sum(characters) as characters,
        sum(failed_tokens) as failed_tokens,
        sum(system_prompt_tokens) as system_prompt_tokens,
        sum(retrieved_chunks) as retrieved_chunks,
        sum(gpu_ms) as gpu_ms
    from usage
    cross join lateral (
        -- Of several calls in one row, by their number.
        select case when requests > 0 then div(
            (coalesce(input_tokens, 0) + coalesce(cached_input_tokens, 0)
             + coalesce(cache_write_5m_tokens, 0) + coalesce(cache_write_1h_tokens, 0)
             + coalesce(output_tokens, 0) + coalesce(reasoning_tokens, 0)
             + coalesce(audio_input_tokens, 0) + coalesce(audio_output_tokens, 0)
             + coalesce(image_input_tokens, 0))::numeric
            * greatest(requests - successes, 0), requests) end as failed_tokens
    ) failed
    group by
        place,
        provider, model, model_version, workload, activity, serving_mode, feature,
        experiment, team, environment
)
insert into ingest_usageday (
    source_id, day,
    provider, model, model_version, workload, activity, serving_mode, feature, experiment,
    team, environment, requests, successes, outcomes, attempts, input_tokens,
    cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    reasoning_tokens, audio_input_tokens, audio_output_tokens, image_input_tokens,
    images, audio_ms, characters, failed_tokens,
    system_prompt_tokens, retrieved_chunks, gpu_ms,
    latency_histogram
)
select
    %(source_id)s, %(day)s::date,
    provider, model, model_version, workload, activity, serving_mode, feature, experiment,
    team, environment, requests, successes, outcomes, attempts, input_tokens,
    cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    reasoning_tokens, audio_input_tokens, audio_output_tokens, image_input_tokens,
    images, audio_ms, characters, failed_tokens,
    system_prompt_tokens, retrieved_chunks, gpu_ms,
    histogram
from summed
left join latency using (place)
