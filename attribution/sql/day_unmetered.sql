-- Tokens of a model that its provider counted beyond the calls of the day's logs, where such logs
-- cover the model at all. A provider may count reasoning as output, a log apart: they are one here.
create temp table w_unmetered on commit drop as
with told as (
    select coalesce(am.canonical, u.model) as model,
           lower(coalesce(ap.canonical, u.provider)) as provider,
           s.usage_role = 'provider_count' as is_count, v.token_class, sum(v.tokens) as tokens
      from ingest_usageday u
      join ingest_source s on s.id = u.source_id
      left join w_alias am on am.dimension = 'model' and am.raw = u.model
      left join w_alias ap on ap.dimension = 'provider' and ap.raw = u.provider
     cross join lateral (values
           ('input_tokens', u.input_tokens),
           ('cached_input_tokens', u.cached_input_tokens),
           ('cache_write_5m_tokens', u.cache_write_5m_tokens),
           ('cache_write_1h_tokens', u.cache_write_1h_tokens),
           ('output_tokens', coalesce(u.output_tokens + u.reasoning_tokens, u.output_tokens,
               u.reasoning_tokens)),
           ('audio_input_tokens', u.audio_input_tokens),
           ('audio_output_tokens', u.audio_output_tokens),
           ('image_input_tokens', u.image_input_tokens), ('images', u.images),
           ('audio_ms', u.audio_ms), ('characters', u.characters)) v (token_class, tokens)
     where u.day = %(day)s and u.model <> '' and u.activity in ('', 'inference')
       and exists (select from ingest_source where usage_role = 'provider_count')
     group by 1, 2, 3, 4
), beyond as (
    select n.model, n.token_class,
           n.tokens - coalesce(sum(c.tokens), 0) as tokens
      from told n
      join told c on not c.is_count and c.model = n.model and c.token_class = n.token_class
       and c.provider in ('', n.provider)
     where n.is_count
     group by n.model, n.provider, n.token_class, n.tokens
)
select model, token_class, sum(tokens)::numeric as tokens
  from beyond
 where tokens > 0
 group by 1, 2
