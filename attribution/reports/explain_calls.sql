-- The calls of one day that weighed: per source and name as the calls tell it, of the models asked.
with named as (
    select u.*, coalesce(a.canonical, u.model) as canonical
    from ingest_usageday u
    left join aicost_alias_days(%(day)s, %(day)s::date + 1) a
        on a.dimension = 'model' and a.raw = u.model
    where u.day = %(day)s
)
select
    n.canonical as model, s.name as source, s.usage_role = 'provider_count' as is_count,
    n.provider, n.model as told, sum(n.requests)::bigint as requests,
    sum(n.input_tokens)::bigint as input_tokens,
    sum(n.cached_input_tokens)::bigint as cached_input_tokens,
    sum(n.cache_write_5m_tokens)::bigint as cache_write_5m_tokens,
    sum(n.cache_write_1h_tokens)::bigint as cache_write_1h_tokens,
    sum(n.output_tokens)::bigint as output_tokens,
    sum(n.reasoning_tokens)::bigint as reasoning_tokens,
    sum(n.audio_input_tokens)::bigint as audio_input_tokens,
    sum(n.audio_output_tokens)::bigint as audio_output_tokens,
    sum(n.image_input_tokens)::bigint as image_input_tokens
from named n
join ingest_source s on s.id = n.source_id
where n.canonical = any(%(models)s)
group by 1, 2, 3, 4, 5
order by 1, 3, 2, 4, 5
