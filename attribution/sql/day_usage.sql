-- The day's calls and runs under canonical names; every source counts, but a provider's own count
-- only of what no call log covers (docs/decisions/0014-two-counts-of-one-call.md).
create temp table w_usage on commit drop as
with covered as (
    select distinct coalesce(am.canonical, u.model) as model,
           lower(coalesce(ap.canonical, u.provider)) as provider
      from ingest_usageday u
      join ingest_source s on s.id = u.source_id and s.usage_role <> 'provider_count'
      left join w_alias am on am.dimension = 'model' and am.raw = u.model
      left join w_alias ap on ap.dimension = 'provider' and ap.raw = u.provider
     where u.day = %(day)s and u.model <> '' and u.activity in ('', 'inference')
       and exists (select from ingest_source where usage_role = 'provider_count')
)
select coalesce(am.canonical, u.model) as model,
       coalesce(aw.canonical, u.workload) as workload,
       coalesce(af.canonical, u.feature) as feature,
       coalesce(ax.canonical, u.experiment) as experiment,
       coalesce(at.canonical, u.team) as team,
       coalesce(ae.canonical, u.environment) as environment,
       case u.activity when '' then 'inference' else u.activity end as activity,
       u.serving_mode = 'provisioned' as provisioned,
       sum(coalesce(u.requests, 0))::bigint as requests,
       sum(coalesce(u.input_tokens, 0))::bigint as input_tokens,
       sum(coalesce(u.cached_input_tokens, 0))::bigint as cached_input_tokens,
       sum(coalesce(u.cache_write_5m_tokens, 0))::bigint as cache_write_5m_tokens,
       sum(coalesce(u.cache_write_1h_tokens, 0))::bigint as cache_write_1h_tokens,
       sum(coalesce(u.output_tokens, 0))::bigint as output_tokens,
       sum(coalesce(u.reasoning_tokens, 0))::bigint as reasoning_tokens,
       sum(coalesce(u.audio_input_tokens, 0))::bigint as audio_input_tokens,
       sum(coalesce(u.audio_output_tokens, 0))::bigint as audio_output_tokens,
       sum(coalesce(u.image_input_tokens, 0))::bigint as image_input_tokens,
       sum(coalesce(u.images, 0))::bigint as images,
       sum(coalesce(u.audio_ms, 0))::bigint as audio_ms,
       sum(coalesce(u.characters, 0))::bigint as characters
  from ingest_usageday u
  join ingest_source s on s.id = u.source_id
  left join w_alias am on am.dimension = 'model' and am.raw = u.model
  left join w_alias ap on ap.dimension = 'provider' and ap.raw = u.provider
  left join w_alias aw on aw.dimension = 'workload' and aw.raw = u.workload
  left join w_alias af on af.dimension = 'feature' and af.raw = u.feature
  left join w_alias ax on ax.dimension = 'experiment' and ax.raw = u.experiment
  left join w_alias at on at.dimension = 'team' and at.raw = u.team
  left join w_alias ae on ae.dimension = 'environment' and ae.raw = u.environment
 where u.day = %(day)s
   and (s.usage_role <> 'provider_count' or not exists (
           select from covered c
            where c.model = coalesce(am.canonical, u.model)
              and c.provider in ('', lower(coalesce(ap.canonical, u.provider)))
       ))
 group by 1, 2, 3, 4, 5, 6, 7, 8
