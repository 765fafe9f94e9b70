-- Stage 2, per stage-1 target: the day's calls of its model fill its empty dimensions.
create temp table w_share on commit drop as
select s.target_id as stage1_target_id, s.then_method, t.kind, t.state, t.activity,
       coalesce(nullif(t.workload, ''), u.workload) as workload, t.model,
       coalesce(nullif(t.feature, ''), u.feature) as feature,
       coalesce(nullif(t.experiment, ''), u.experiment) as experiment,
       coalesce(nullif(t.team, ''), u.team) as team,
       coalesce(nullif(t.environment, ''), u.environment) as environment,
       sum(w.weight)::bigint as weight
  from (select distinct target_id, then_method from w_stage1
         where then_method in ('requests', 'tokens')) s
  join attribution_target t on t.id = s.target_id
  join w_usage u on u.model = t.model
   and u.activity = 'inference'
   and (t.workload = '' or u.workload = '' or u.workload = t.workload)
   and (t.environment = '' or u.environment = '' or u.environment = t.environment)
 cross join lateral (
     select case s.then_method
            when 'requests' then u.requests
            else u.input_tokens + u.cached_input_tokens + u.cache_write_5m_tokens
                 + u.cache_write_1h_tokens + u.output_tokens + u.reasoning_tokens
                 + u.audio_input_tokens + u.audio_output_tokens + u.image_input_tokens
            end as weight
 ) w
 where t.model <> '' and t.activity = 'inference' and t.kind in ('workload', 'idle')
   and w.weight > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
