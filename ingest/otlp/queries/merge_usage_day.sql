-- The rows that were added to a (source, day) bit by bit, merged into one for each target.
with bits as (
    delete from ingest_usageday
    where source_id = %(source_id)s and day = %(day)s
    returning *
), latency as (
    select
        provider, model, model_version, workload, activity, serving_mode, feature, experiment,
        team, environment, jsonb_object_agg(bucket, requests) as histogram
    from (
        select
            provider, model, model_version, workload, activity, serving_mode, feature,
            experiment, team, environment, bucket, sum(told::bigint) as requests
        from bits, jsonb_each_text(latency_histogram) as each (bucket, told)
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ) bucketed
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
), summed as (
    select
        provider, model, model_version, workload, activity, serving_mode, feature, experiment,
        team, environment, sum(requests) as requests, sum(successes) as successes,
        sum(outcomes) as outcomes, sum(attempts) as attempts,
        sum(input_tokens) as input_tokens, sum(cached_input_tokens) as cached_input_tokens,
        sum(cache_write_5m_tokens) as cache_write_5m_tokens,
        sum(cache_write_1h_tokens) as cache_write_1h_tokens,
        sum(output_tokens) as output_tokens, sum(reasoning_tokens) as reasoning_tokens,
        sum(audio_input_tokens) as audio_input_tokens,
        sum(audio_output_tokens) as audio_output_tokens,
        sum(image_input_tokens) as image_input_tokens, sum(images) as images,
        sum(audio_ms) as audio_ms, sum(characters) as characters,
        sum(failed_tokens) as failed_tokens,
        sum(system_prompt_tokens) as system_prompt_tokens,
        sum(retrieved_chunks) as retrieved_chunks, sum(gpu_ms) as gpu_ms
    from bits
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
)
insert into ingest_usageday (
    source_id, day, provider, model, model_version, workload, activity, serving_mode, feature,
    experiment, team, environment, requests, successes, outcomes, attempts, input_tokens,
    cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    reasoning_tokens, audio_input_tokens, audio_output_tokens, image_input_tokens,
    images, audio_ms, characters, failed_tokens, system_prompt_tokens, retrieved_chunks, gpu_ms,
    latency_histogram
)
select
    %(source_id)s, %(day)s, provider, model, model_version, workload, activity, serving_mode,
    feature, experiment, team, environment, requests, successes, outcomes, attempts,
    input_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
    output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens,
    image_input_tokens, images, audio_ms, characters, failed_tokens, system_prompt_tokens,
    retrieved_chunks, gpu_ms, histogram
from summed
left join latency using (
    provider, model, model_version, workload, activity, serving_mode, feature, experiment,
    team, environment
)
