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
), call as (
    select u.source_id, u.hour, u.provider, u.model as raw, u.region, u.service_tier,
           coalesce(am.canonical, u.model) as model,
           coalesce(aw.canonical, u.workload) as workload,
           coalesce(af.canonical, u.feature) as feature,
           coalesce(ax.canonical, u.experiment) as experiment,
           coalesce(at.canonical, u.team) as team,
           coalesce(ae.canonical, u.environment) as environment,
           coalesce(nullif(u.activity, ''), 'inference') as activity,
           width_bucket(
               ceil((coalesce(u.input_tokens, 0) + coalesce(u.cached_input_tokens, 0)
                     + coalesce(u.cache_write_5m_tokens, 0) + coalesce(u.cache_write_1h_tokens, 0)
                     + coalesce(u.audio_input_tokens, 0)
                     + coalesce(u.image_input_tokens, 0))::numeric
                    / greatest(coalesce(u.requests, 1), 1)),
               %(bands)s::numeric[]) as band,
           u.input_tokens, u.cached_input_tokens, u.cache_write_5m_tokens, u.cache_write_1h_tokens,
           u.output_tokens, u.reasoning_tokens, u.audio_input_tokens, u.audio_output_tokens,
           u.image_input_tokens, u.requests, u.gpu_ms
      from ingest_usage u
      join ingest_source s on s.id = u.source_id
      left join w_alias am on am.dimension = 'model' and am.raw = u.model
      left join w_alias ap on ap.dimension = 'provider' and ap.raw = u.provider
      left join w_alias aw on aw.dimension = 'workload' and aw.raw = u.workload
      left join w_alias af on af.dimension = 'feature' and af.raw = u.feature
      left join w_alias ax on ax.dimension = 'experiment' and ax.raw = u.experiment
      left join w_alias at on at.dimension = 'team' and at.raw = u.team
      left join w_alias ae on ae.dimension = 'environment' and ae.raw = u.environment
     where u.hour >= %(day)s::date::timestamp at time zone 'UTC'
       and u.hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
       and u.model <> ''
       and (s.usage_role <> 'provider_count' or not exists (
               select from covered c
                where c.model = coalesce(am.canonical, u.model)
                  and c.provider in ('', lower(coalesce(ap.canonical, u.provider)))
           ))
)
select source_id, hour, provider, raw, model, region, service_tier, band, token_class,
       activity, workload, feature, experiment, team, environment, sum(v.quantity) as quantity
  from call
 cross join lateral (values
       ('input_tokens', input_tokens::numeric), ('cached_input_tokens', cached_input_tokens),
       ('cache_write_5m_tokens', cache_write_5m_tokens),
       ('cache_write_1h_tokens', cache_write_1h_tokens),
       ('output_tokens', output_tokens), ('reasoning_tokens', reasoning_tokens),
       ('audio_input_tokens', audio_input_tokens), ('audio_output_tokens', audio_output_tokens),
       ('image_input_tokens', image_input_tokens), ('requests', requests),
       ('gpu_seconds', gpu_ms::numeric / 1000)) v (token_class, quantity)
 where v.quantity > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
