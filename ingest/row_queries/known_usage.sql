-- What stands already, unchanged, need not be written again; a replay gives way to what a later
-- delivery brought.
delete from stage_usage new
using ingest_usage old
where old.source_id = %(source_id)s
    and new.event_id is not null
    and old.event_id = new.event_id
    and (
        old.delivery_id > %(delivery_id)s
        or old.hour = date_trunc('hour', new.time, 'UTC')
        and (
            old.time, old.event_id, old.provider, old.model, old.model_version, old.precision,
            old.workload, old.activity, old.serving_mode, old.pipeline, old.run, old.agent_step,
            old.feature, old.experiment, old.team, old.environment, old.customer, old."user",
            old.status, old.region, old.service_tier, old.escalated_from, old.prompt_version,
            old.input_hash, old.prefix_hash, old.requests, old.successes, old.outcomes,
            old.attempts, old.input_tokens, old.cached_input_tokens, old.cache_write_5m_tokens,
            old.cache_write_1h_tokens, old.output_tokens, old.reasoning_tokens,
            old.audio_input_tokens, old.audio_output_tokens, old.image_input_tokens,
            old.images, old.audio_ms, old.characters,
            old.system_prompt_tokens, old.retrieved_chunks, old.gpu_ms, old.latency_histogram,
            old.reported_cost, old.reported_currency
        ) is not distinct from (
            new.time, new.event_id, new.provider, new.model, new.model_version, new.precision,
            new.workload, new.activity, new.serving_mode, new.pipeline, new.run, new.agent_step,
            new.feature, new.experiment, new.team, new.environment, new.customer, new."user",
            new.status, new.region, new.service_tier, new.escalated_from, new.prompt_version,
            new.input_hash, new.prefix_hash, new.requests, new.successes, new.outcomes,
            new.attempts, new.input_tokens, new.cached_input_tokens, new.cache_write_5m_tokens,
            new.cache_write_1h_tokens, new.output_tokens, new.reasoning_tokens,
            new.audio_input_tokens, new.audio_output_tokens, new.image_input_tokens,
            new.images, new.audio_ms, new.characters,
            new.system_prompt_tokens, new.retrieved_chunks, new.gpu_ms, new.latency_histogram,
            new.reported_cost, new.reported_currency
        )
    )
