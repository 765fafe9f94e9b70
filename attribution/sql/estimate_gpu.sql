-- Instance hours of the nodes, split over what their GPUs did in the hour. An hour of an instance
-- is the longest that one of its GPUs was seen in it: a gap is not paid for here. The bill's rest
-- is unobserved.
insert into w_part (
    kind, state, activity, workload, model, feature, experiment, team, environment, source_id,
    usage_source_id, hour, provider, subject, resource_id, region, service_tier, context_over,
    token_class, quantity, unit_price, price_basis, price_origin, currency)
with device as (
    select resource_id, hour, device_uuid, sum(device_ms) as ms
      from w_gpu
     group by 1, 2, 3
), instance as (
    select resource_id, hour, least(max(ms), 3600000) as instance_ms, sum(ms) as gpu_ms
      from device
     group by 1, 2
), state as (
    select g.source_id, g.usage_source_id, g.resource_id, g.instance_type, g.provider, g.own,
           g.hour, v.kind, v.state, w.activity, w.workload, w.model, w.feature, w.experiment,
           w.team, w.environment, sum(v.ms) as ms
      from w_gpu g
      join w_workload w using (cluster, namespace, pod, workload_key)
     cross join lateral (values
           ('workload', 'active', g.active_ms), ('idle', 'held_idle', g.held_ms),
           ('idle', 'empty_idle', g.empty_ms)) v (kind, state, ms)
     group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    union all
    select source_id, min(usage_source_id), resource_id, instance_type, provider, own, hour,
           'idle', 'unreserved', 'other', '', '', '', '', '', '',
           greatest(sum(device_ms) - sum(active_ms + held_ms + empty_ms), 0)
      from w_gpu
     group by source_id, resource_id, instance_type, provider, own, hour
), rate as (
    select * from unnest(%(rate_sources)s::bigint[], %(rate_types)s::text[],
                         %(rate_currencies)s::text[], %(rate_resources)s::text[],
                         %(rate_prices)s::numeric[])
        as r (source_id, instance_type, currency, resource_id, price)
)
select s.kind, s.state, s.activity, coalesce(nullif(s.workload, ''), s.own ->> 'workload', ''),
       coalesce(nullif(s.model, ''), s.own ->> 'model', ''),
       coalesce(nullif(s.feature, ''), s.own ->> 'feature', ''),
       coalesce(nullif(s.experiment, ''), s.own ->> 'experiment', ''),
       coalesce(nullif(s.team, ''), s.own ->> 'team', ''),
       coalesce(nullif(s.environment, ''), s.own ->> 'environment', ''),
       s.source_id, s.usage_source_id, s.hour, s.provider, '', s.resource_id, '', '', 0,
       'instance_hours', i.instance_ms * s.ms / (3600000 * i.gpu_ms),
       coalesce(o.price, r.price),
       case when coalesce(o.price, r.price) is null then '' else 'last_billed' end,
       s.instance_type,
       coalesce(o.currency, r.currency, %(currencies)s::jsonb ->> s.source_id::text, '')
  from state s
  join instance i using (resource_id, hour)
  left join rate o on o.source_id = s.source_id and o.instance_type = s.instance_type
   and o.resource_id = s.resource_id
  left join rate r on r.source_id = s.source_id and r.instance_type = s.instance_type
   and r.resource_id = ''
 where s.ms > 0 and i.gpu_ms > 0
