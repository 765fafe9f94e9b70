-- Models whose calls tell tokens: the names and providers they came under and the classes used.
select coalesce(a.canonical, u.model) as model, array_agg(distinct u.model) as names,
       array_agg(distinct u.provider) filter (where u.provider <> '') as providers,
       array_remove(array[
           case when sum(u.input_tokens) > 0 then 'input_tokens' end,
           case when sum(u.cached_input_tokens) > 0 then 'cached_input_tokens' end,
           case when sum(u.cache_write_5m_tokens) > 0 then 'cache_write_5m_tokens' end,
           case when sum(u.cache_write_1h_tokens) > 0 then 'cache_write_1h_tokens' end,
           case when sum(u.output_tokens) > 0 then 'output_tokens' end,
           case when sum(u.reasoning_tokens) > 0 then 'reasoning_tokens' end,
           case when sum(u.audio_input_tokens) > 0 then 'audio_input_tokens' end,
           case when sum(u.audio_output_tokens) > 0 then 'audio_output_tokens' end,
           case when sum(u.image_input_tokens) > 0 then 'image_input_tokens' end
       ], null) as token_classes
  from ingest_usageday u
  join ingest_source s on s.id = u.source_id and s.usage_role <> 'provider_count'
  left join w_alias a on a.dimension = 'model' and a.raw = u.model
 where u.day = %(day)s and u.model <> '' and coalesce(a.canonical, u.model) in (
     select model from w_call where tokens > 0)
 group by 1
