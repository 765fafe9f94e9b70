-- Nodes that telemetry saw on the day with the instance they are on a bill: their own resource, or,
-- for a node no bill has named yet, what all its like on the day are (same cluster, same GPUs, as
-- many of them). Nodes that this cannot tell are left out.
create temp table w_instance on commit drop as
with node as (
    select cluster, node, max(device_model) as device_model,
           count(distinct device_uuid) as devices, min(source_id) as usage_source_id
      from ingest_gpuinterval
     where t_start >= %(day)s::date::timestamp at time zone 'UTC'
       and t_start < (%(day)s::date + 1)::timestamp at time zone 'UTC'
       and device_uuid not like 'job:%%' and node <> ''
     group by cluster, node
), named as (
    select n.*, coalesce(m.resource_id, n.node) as resource_id
      from node n
      left join lateral (
          select m.resource_id from ingest_resourcemap m
           where m.node = n.node and m.cluster in ('', n.cluster)
             and (m.valid_from is null or m.valid_from <= %(day)s)
             and (m.valid_to is null or m.valid_to > %(day)s)
           order by m.found, m.cluster desc, m.valid_from desc nulls last, m.id desc
           limit 1
      ) m on true
), billed as (
    select n.*, b.source_id, lower(b.instance_type) as instance_type, b.provider, b.own
      from named n
      left join lateral (
          select h.source_id, h.instance_type, h.provider, k.own
            from ingest_chargeseries h
            join attribution_seriesclaim k on k.series_id = h.id and k.instance_time
           where h.resource_id = n.resource_id and h.instance_type <> ''
           order by k.id desc
           limit 1
      ) b on true
), alike as (
    select cluster, device_model, devices, min(source_id) as source_id,
           min(instance_type) as instance_type, min(provider) as provider
      from billed
     where instance_type is not null and device_model <> ''
     group by cluster, device_model, devices
    having count(distinct (source_id, instance_type)) = 1
)
select b.cluster, b.node, b.usage_source_id, b.resource_id,
       coalesce(b.source_id, a.source_id) as source_id,
       coalesce(b.instance_type, a.instance_type) as instance_type,
       coalesce(b.provider, a.provider) as provider, coalesce(b.own, '{}') as own, b.devices
  from billed b
  left join alike a using (cluster, device_model, devices)
 where coalesce(b.instance_type, a.instance_type) is not null
   and coalesce(b.source_id, a.source_id) = any(%(open)s)
