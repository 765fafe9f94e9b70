-- The day's metered quantities per hour, under canonical names, one row a class of price. `band`
-- says which context-size thresholds a call exceeds: of one call exactly, of rows that hold several
-- by their average. A provider's own count stands in only where no call log covers the model
-- (docs/decisions/0014-two-counts-of-one-call.md).
create temp table w_metered on commit drop as
with covered as (
    select distinct coalesce(am.canonical, u.model) as model,
           lower(coalesce(ap.canonical, u.provider)) as provider
      from ingest_usageday u
      join ingest_source s on s.id = u.source_id and s.usage_role <> 'provider_count'
      left join w_alias am on am.dimension = 'model' and am.raw = u.model
      left join w_alias ap on ap.dimension = 'provider' and ap.raw = u.provider
     where u.day = %(day)s and u.model <> '' and u.activity in ('', 'inference')
), summed as (
    select u.source_id, u.hour, u.provider, u.model, u.region, u.service_tier, u.workload,
           u.feature, u.experiment, u.team, u.environment, u.activity,
           width_bucket(
               ceil((coalesce(u.input_tokens, 0) + coalesce(u.cached_input_tokens, 0)
                     + coalesce(u.cache_write_5m_tokens, 0) + coalesce(u.cache_write_1h_tokens, 0)
                     + coalesce(u.audio_input_tokens, 0)
                     + coalesce(u.image_input_tokens, 0))::numeric
                    / greatest(coalesce(u.requests, 1), 1))::bigint,
               %(bands)s::bigint[]) as band,
           sum(input_tokens) as input_tokens, sum(cached_input_tokens) as cached_input_tokens,
           sum(cache_write_5m_tokens) as cache_write_5m_tokens,
           sum(cache_write_1h_tokens) as cache_write_1h_tokens,
           sum(output_tokens) as output_tokens, sum(reasoning_tokens) as reasoning_tokens,
           sum(audio_input_tokens) as audio_input_tokens,
           sum(audio_output_tokens) as audio_output_tokens,
           sum(image_input_tokens) as image_input_tokens, sum(requests) as requests,
           sum(images) as images, sum(audio_ms) as audio_ms, sum(characters) as characters,
           sum(gpu_ms) as gpu_ms
      from ingest_usage u
     where u.hour >= %(day)s::date::timestamp at time zone 'UTC'
       and u.hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
       and u.model <> '' and u.source_id = any(%(usage)s)
     group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
), call as (
    select u.*, u.model as raw,
           coalesce(am.canonical, u.model) as c_model,
           coalesce(aw.canonical, u.workload) as c_workload,
           coalesce(af.canonical, u.feature) as c_feature,
           coalesce(ax.canonical, u.experiment) as c_experiment,
           coalesce(at.canonical, u.team) as c_team,
           coalesce(ae.canonical, u.environment) as c_environment,
           coalesce(nullif(u.activity, ''), 'inference') as c_activity
      from summed u
      join ingest_source s on s.id = u.source_id
      left join w_alias am on am.dimension = 'model' and am.raw = u.model
      left join w_alias ap on ap.dimension = 'provider' and ap.raw = u.provider
      left join w_alias aw on aw.dimension = 'workload' and aw.raw = u.workload
      left join w_alias af on af.dimension = 'feature' and af.raw = u.feature
      left join w_alias ax on ax.dimension = 'experiment' and ax.raw = u.experiment
      left join w_alias at on at.dimension = 'team' and at.raw = u.team
      left join w_alias ae on ae.dimension = 'environment' and ae.raw = u.environment
     where s.usage_role <> 'provider_count' or not exists (
               select from covered c
                where c.model = coalesce(am.canonical, u.model)
                  and c.provider in ('', lower(coalesce(ap.canonical, u.provider)))
           )
)
select source_id, hour, provider, raw, c_model as model, region, service_tier, band, token_class,
       c_activity as activity, c_workload as workload, c_feature as feature,
       c_experiment as experiment, c_team as team, c_environment as environment,
       sum(v.quantity) as quantity
  from call
 cross join lateral (values
       ('input_tokens', input_tokens::numeric), ('cached_input_tokens', cached_input_tokens),
       ('cache_write_5m_tokens', cache_write_5m_tokens),
       ('cache_write_1h_tokens', cache_write_1h_tokens),
       ('output_tokens', output_tokens), ('reasoning_tokens', reasoning_tokens),
       ('audio_input_tokens', audio_input_tokens), ('audio_output_tokens', audio_output_tokens),
       ('image_input_tokens', image_input_tokens), ('requests', requests), ('images', images),
       ('audio_seconds', audio_ms::numeric / 1000), ('characters', characters),
       ('gpu_seconds', gpu_ms::numeric / 1000)) v (token_class, quantity)
 where v.quantity > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
