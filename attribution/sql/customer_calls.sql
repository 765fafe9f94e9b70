-- The day's calls of each customer under canonical names. A provider's count knows no customers.
create temp table w_call on commit drop as
select coalesce(am.canonical, u.model) as model,
       coalesce(aw.canonical, u.workload) as workload,
       coalesce(af.canonical, u.feature) as feature,
       coalesce(ax.canonical, u.experiment) as experiment,
       coalesce(at.canonical, u.team) as team,
       coalesce(ae.canonical, u.environment) as environment,
       case u.activity when '' then 'inference' else u.activity end as activity,
       coalesce(ac.canonical, u.customer) as customer,
       sum(u.requests) as requests,
       bool_and(v.tokens is not null) filter (where u.requests > 0) as tells_tokens,
       sum(v.tokens) as tokens,
       sum(u.input_tokens) as input_tokens, sum(u.cached_input_tokens) as cached_input_tokens,
       sum(u.cache_write_5m_tokens) as cache_write_5m_tokens,
       sum(u.cache_write_1h_tokens) as cache_write_1h_tokens,
       sum(u.output_tokens) as output_tokens, sum(u.reasoning_tokens) as reasoning_tokens,
       sum(u.audio_input_tokens) as audio_input_tokens,
       sum(u.audio_output_tokens) as audio_output_tokens,
       sum(u.image_input_tokens) as image_input_tokens
  from ingest_usage u
  join ingest_source s on s.id = u.source_id and s.usage_role <> 'provider_count'
  left join w_alias am on am.dimension = 'model' and am.raw = u.model
  left join w_alias aw on aw.dimension = 'workload' and aw.raw = u.workload
  left join w_alias af on af.dimension = 'feature' and af.raw = u.feature
  left join w_alias ax on ax.dimension = 'experiment' and ax.raw = u.experiment
  left join w_alias at on at.dimension = 'team' and at.raw = u.team
  left join w_alias ae on ae.dimension = 'environment' and ae.raw = u.environment
  left join w_alias ac on ac.dimension = 'customer' and ac.raw = u.customer
 cross join lateral (
     select sum(n) as tokens
       from (values (u.input_tokens), (u.cached_input_tokens), (u.cache_write_5m_tokens),
             (u.cache_write_1h_tokens), (u.output_tokens), (u.reasoning_tokens),
             (u.audio_input_tokens), (u.audio_output_tokens), (u.image_input_tokens)) c (n)
 ) v
 where u.hour >= %(day)s::date::timestamp at time zone 'UTC'
   and u.hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
 group by 1, 2, 3, 4, 5, 6, 7, 8
