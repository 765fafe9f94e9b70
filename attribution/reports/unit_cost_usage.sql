-- Calls per group under canonical names, with the latency histogram merged. A call that does not
-- say its team, workload, experiment or environment takes that of its model, if all the money of
-- the model's inference in the period stands on one. '' is not set or not asked for. A provider's
-- own count tells only of what no call log covers, day by day and model by model.
with alias as materialized (
    select * from aicost_alias_days(%(start)s, %(end)s)
),
single as materialized (
    select
        t.model,
        case when min(t.workload) = max(t.workload) then min(t.workload) end as workload,
        case when min(t.experiment) = max(t.experiment) then min(t.experiment) end as experiment,
        case when min(t.team) = max(t.team) then min(t.team) end as team,
        case when min(t.environment) = max(t.environment) then min(t.environment) end
            as environment
    from (
        select distinct target_id
        from aicost_cost(%(start)s, %(end)s, 'target', 'month', '{}')
        where %(infers)s
    ) c
    join attribution_target t on t.id = c.target_id
    where t.kind = 'workload' and t.activity = 'inference' and t.model <> ''
    group by 1
),
canonical as (
    select
        u.*, s.usage_role = 'provider_count' as is_count,
        lower(coalesce(ap.canonical, u.provider)) as c_provider,
        coalesce(am.canonical, u.model) as c_model,
        coalesce(af.canonical, u.feature) as c_feature,
        coalesce(aw.canonical, u.workload) as c_workload,
        coalesce(ax.canonical, u.experiment) as c_experiment,
        coalesce(at.canonical, u.team) as c_team,
        coalesce(ae.canonical, u.environment) as c_environment
    from ingest_usageday u
    join ingest_source s on s.id = u.source_id
    left join alias ap
        on ap.day = u.day and ap.dimension = 'provider' and ap.raw = u.provider
    left join alias am on am.day = u.day and am.dimension = 'model' and am.raw = u.model
    -- Other names that nobody asks for are not looked up.
    left join alias af on af.day = u.day and af.dimension = 'feature' and af.raw = u.feature
        and ('feature' = any(%(groups)s) or %(f_feature)s::text[] is not null)
    left join alias aw on aw.day = u.day and aw.dimension = 'workload' and aw.raw = u.workload
        and ('workload' = any(%(groups)s) or %(f_workload)s::text[] is not null)
    left join alias ax
        on ax.day = u.day and ax.dimension = 'experiment' and ax.raw = u.experiment
        and ('experiment' = any(%(groups)s) or %(f_experiment)s::text[] is not null)
    left join alias at on at.day = u.day and at.dimension = 'team' and at.raw = u.team
        and ('team' = any(%(groups)s) or %(f_team)s::text[] is not null
            or %(teams)s::text[] is not null)
    left join alias ae
        on ae.day = u.day and ae.dimension = 'environment' and ae.raw = u.environment
        and ('environment' = any(%(groups)s) or %(f_environment)s::text[] is not null)
    where u.day >= %(start)s and u.day < %(end)s and u.activity in ('', 'inference')
),
covered as materialized (
    select distinct
        u.day, coalesce(am.canonical, u.model) as c_model,
        lower(coalesce(ap.canonical, u.provider)) as c_provider
    from ingest_usageday u
    join ingest_source s on s.id = u.source_id and s.usage_role <> 'provider_count'
    left join alias am on am.day = u.day and am.dimension = 'model' and am.raw = u.model
    left join alias ap
        on ap.day = u.day and ap.dimension = 'provider' and ap.raw = u.provider
    where u.day >= %(start)s and u.day < %(end)s and u.activity in ('', 'inference')
        and u.model <> ''
        and exists (select from ingest_source where usage_role = 'provider_count')
),
named as (
    select
        u.*, coalesce(nullif(u.c_workload, ''), s.workload, '') as n_workload,
        coalesce(nullif(u.c_experiment, ''), s.experiment, '') as n_experiment,
        coalesce(nullif(u.c_team, ''), s.team, '') as n_team,
        coalesce(nullif(u.c_environment, ''), s.environment, '') as n_environment
    from canonical u
    left join single s on s.model = u.c_model
    where not u.is_count or not exists (
        select from covered c
        where c.day = u.day and c.c_model = u.c_model and c.c_provider in ('', u.c_provider)
    )
),
asked as (
    select
        case %(granularity)s
            when 'total' then %(start)s::date
            when 'day' then u.day
            else (date_trunc(%(granularity)s, u.day - %(shift)s::interval)
                 + %(shift)s::interval)::date
        end as g_period,
        case when %(by_source)s then u.source_id else 0 end as g_source,
        case when 'model' = any(%(groups)s) then u.c_model else '' end as g_model,
        case when 'model_version' = any(%(groups)s) then u.model_version else '' end as g_version,
        case when 'feature' = any(%(groups)s) then u.c_feature else '' end as g_feature,
        case when 'workload' = any(%(groups)s) then u.n_workload else '' end as g_workload,
        case when 'experiment' = any(%(groups)s) then u.n_experiment else '' end as g_experiment,
        case when 'team' = any(%(groups)s) then u.n_team else '' end as g_team,
        case when 'environment' = any(%(groups)s) then u.n_environment else '' end
            as g_environment,
        u.requests, u.successes, u.outcomes, u.attempts, u.input_tokens, u.cached_input_tokens,
        u.cache_write_5m_tokens, u.cache_write_1h_tokens, u.output_tokens, u.reasoning_tokens,
        u.audio_input_tokens, u.audio_output_tokens, u.image_input_tokens, u.images, u.audio_ms,
        u.characters, u.failed_tokens,
        case when %(latency)s then u.latency_histogram end as latency_histogram
    from named u
    where (%(teams)s::text[] is null or u.n_team = any(%(teams)s))
        and (%(f_model)s::text[] is null or u.c_model = any(%(f_model)s))
        and (%(f_feature)s::text[] is null or u.c_feature = any(%(f_feature)s))
        and (%(f_workload)s::text[] is null or u.n_workload = any(%(f_workload)s))
        and (%(f_experiment)s::text[] is null or u.n_experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or u.n_team = any(%(f_team)s))
        and (%(f_environment)s::text[] is null or u.n_environment = any(%(f_environment)s))
),
summed as (
    select
        g_period, g_source, g_model, g_version, g_feature, g_workload, g_experiment, g_team,
        g_environment,
        sum(requests)::bigint as requests, sum(successes)::bigint as successes,
        sum(outcomes)::bigint as outcomes, sum(attempts)::bigint as attempts,
        sum(input_tokens)::bigint as input_tokens,
        sum(cached_input_tokens)::bigint as cached_input_tokens,
        sum(output_tokens)::bigint as output_tokens,
        sum(reasoning_tokens)::bigint as reasoning_tokens,
        sum(cache_write_5m_tokens)::bigint as cache_write_5m_tokens,
        sum(cache_write_1h_tokens)::bigint as cache_write_1h_tokens,
        sum(audio_input_tokens)::bigint as audio_input_tokens,
        sum(audio_output_tokens)::bigint as audio_output_tokens,
        sum(image_input_tokens)::bigint as image_input_tokens,
        sum(images)::bigint as images, sum(audio_ms)::bigint as audio_ms,
        sum(characters)::bigint as characters,
        sum(requests) filter (where successes is not null)::bigint as told_requests,
        sum(requests) filter (where attempts is not null)::bigint as attempted_requests,
        sum(failed_tokens)::bigint as failed_tokens,
        sum(coalesce(input_tokens, 0) + coalesce(cached_input_tokens, 0)
            + coalesce(cache_write_5m_tokens, 0) + coalesce(cache_write_1h_tokens, 0)
            + coalesce(output_tokens, 0) + coalesce(reasoning_tokens, 0)
            + coalesce(audio_input_tokens, 0) + coalesce(audio_output_tokens, 0)
            + coalesce(image_input_tokens, 0))
            filter (where failed_tokens is not null)::bigint as told_tokens,
        array_agg(latency_histogram) filter (where latency_histogram is not null) as histograms
    from asked
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
)
select
    g_period as period, g_source as source_id, g_model as model, g_version as model_version,
    g_feature as feature,
    g_workload as workload, g_experiment as experiment, g_team as team,
    g_environment as environment, requests, successes, outcomes, attempts, v.tokens, input_tokens,
    cached_input_tokens, output_tokens, reasoning_tokens, images, audio_ms, characters,
    told_requests, attempted_requests, failed_tokens, told_tokens, latency
from summed
cross join lateral (
    select sum(c.n)::bigint as tokens from (values
        (input_tokens), (cached_input_tokens), (cache_write_5m_tokens), (cache_write_1h_tokens),
        (output_tokens), (reasoning_tokens), (audio_input_tokens), (audio_output_tokens),
        (image_input_tokens)) c (n)
) v
cross join lateral (
    select jsonb_object_agg(b.bucket, b.requests) as latency
    from (
        select e.key::smallint as bucket, sum(e.value::bigint) as requests
        from unnest(histograms) h
        cross join lateral jsonb_each_text(h) e
        group by 1
    ) b
) l
