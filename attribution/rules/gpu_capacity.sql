-- Capacity of each resource: billed instance time times the GPUs of its type, else the devices
-- seen. What the buckets show beyond it counts in full; what they do not show is unobserved.
create temp table w_capacity on commit drop as
with billed as (
    select resource_id, lower(max(instance_type)) as instance_type,
           sum(case when lower(unit) like 's%%' then 1000 else 3600000 end
               * greatest(coalesce(consumed_quantity, pricing_quantity, 0), 0)) as instance_ms
      from w_charge
     where by_resource and instance_time
     group by resource_id
), seen as (
    select resource_id, sum(device_ms) as observed_ms, max(devices) as devices,
           sum(device_ms) - sum(active_ms + held_ms + empty_ms) as unreserved_ms
      from w_gpu
     group by resource_id
), type as (
    select * from unnest(%(instance_types)s::text[], %(instance_gpus)s::int[]) as t (name, gpus)
)
select b.resource_id, b.instance_type, coalesce(s.observed_ms, 0) as observed_ms,
       greatest(coalesce(s.unreserved_ms, 0), 0)::bigint as unreserved_ms,
       greatest(floor(b.instance_ms * coalesce(t.gpus, s.devices, 1))
                - coalesce(s.observed_ms, 0), 0)::bigint as unobserved_ms
  from billed b
  left join seen s on s.resource_id = b.resource_id
  left join type t on t.name = b.instance_type
