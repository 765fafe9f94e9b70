-- Tokens of calls by provider and model as they name themselves, with the canonical name and what
-- the calls themselves reported as cost. A provider's own count is not counted beside calls.
with alias as (
    select day, raw, canonical
    from aicost_alias_days(%(start)s, %(end)s)
    where dimension = 'model'
)
select
    u.provider, u.model as raw, coalesce(a.canonical, u.model) as model,
    sum(u.requests)::bigint as calls, sum(u.input_tokens)::bigint as input_tokens,
    sum(u.cached_input_tokens)::bigint as cached_input_tokens,
    sum(u.cache_write_5m_tokens)::bigint as cache_write_5m_tokens,
    sum(u.cache_write_1h_tokens)::bigint as cache_write_1h_tokens,
    sum(u.output_tokens)::bigint as output_tokens,
    sum(u.reasoning_tokens)::bigint as reasoning_tokens,
    sum(u.audio_input_tokens)::bigint as audio_input_tokens,
    sum(u.audio_output_tokens)::bigint as audio_output_tokens,
    sum(u.image_input_tokens)::bigint as image_input_tokens,
    min(u.day) as first_day, max(u.day) as last_day
from ingest_usageday u
join ingest_source s on s.id = u.source_id
left join alias a on a.day = u.day and a.raw = u.model
where u.day >= %(start)s and u.day < %(end)s and u.model <> ''
    and (s.usage_role <> 'provider_count' or not exists (
        select from ingest_usageday c
        join ingest_source k on k.id = c.source_id and k.usage_role <> 'provider_count'
        left join alias b on b.day = c.day and b.raw = c.model
        where c.day = u.day and coalesce(b.canonical, c.model) = coalesce(a.canonical, u.model)
            and lower(c.provider) in ('', lower(u.provider))
    ))
group by 1, 2, 3
order by 1, 2, 3
