create temp table stage_usage as
select
    time, event_id, provider, model, model_version, precision, workload, activity,
    serving_mode, pipeline, run, agent_step, feature, experiment, team, environment,
    customer, "user", status, region, service_tier, escalated_from, prompt_version,
    input_hash, prefix_hash, requests, successes, outcomes, attempts, input_tokens,
    cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    reasoning_tokens, audio_input_tokens, audio_output_tokens, image_input_tokens,
    images, audio_ms, characters,
    system_prompt_tokens, retrieved_chunks, gpu_ms, latency_histogram, reported_cost,
    reported_currency
from ingest_usage
limit 0
