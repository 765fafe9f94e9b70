-- Models whose tokens of several classes share one charge that names no class: which classes were
-- used, and under which names and providers the calls came.
select w.model,
       array_agg(distinct u.model) as names,
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
           case when sum(u.image_input_tokens) > 0 then 'image_input_tokens' end,
           case when sum(u.images) > 0 then 'images' end,
           case when sum(u.audio_ms) > 0 then 'audio_ms' end,
           case when sum(u.characters) > 0 then 'characters' end
       ], null) as token_classes
  from (select distinct model from w_charge
         where method = 'tokens' and token_class = '' and model <> '') w
  join (
      select coalesce(a.canonical, u.model) as canonical, u.*
        from ingest_usageday u
        left join w_alias a on a.dimension = 'model' and a.raw = u.model
       where u.day = %(day)s
  ) u on u.canonical = w.model
 group by w.model
 order by w.model
