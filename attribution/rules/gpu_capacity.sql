-- Capacity of each resource: billed instance time times the GPUs of its type, as the bill says, as
-- its scheduler says, else the devices seen. What the buckets show beyond it counts in full; what
-- they do not show is unobserved, save for time in which all reservations are known.
create temp table w_capacity on commit drop as
with billed as (
    select resource_id, lower(max(instance_type)) as instance_type, max(gpus) as gpus,
           sum(case when lower(unit) like 's%%' then 1000 else 3600000 end
               * greatest(coalesce(consumed_quantity, pricing_quantity, 0), 0)) as instance_ms
      from w_charge
     where by_resource and instance_time
     group by resource_id
), seen as (
    select resource_id, sum(device_ms) as device_ms, nullif(max(devices), 0) as devices,
           sum(active_ms + held_ms + empty_ms) as reserved_ms, sum(covered_ms) as covered_ms,
           nullif(max(gpus), 0) as gpus
      from w_gpu
     group by resource_id
), type as (
    select * from unnest(%(instance_types)s::text[], %(instance_gpus)s::int[]) as t (name, gpus)
), capacity as (
    select b.resource_id, b.instance_type, b.instance_ms, s.device_ms,
           coalesce(s.covered_ms, 0) as covered_ms, coalesce(s.reserved_ms, 0) as reserved_ms,
           coalesce(t.gpus, b.gpus, s.gpus, s.devices, 1) as gpus
      from billed b
      left join seen s on s.resource_id = b.resource_id
      left join type t on t.name = b.instance_type
), told as (
    select *, greatest(device_ms, reserved_ms, least(covered_ms, instance_ms) * gpus, 0)
              as observed_ms
      from capacity
)
select resource_id, instance_type, floor(observed_ms)::bigint as observed_ms,
       greatest(floor(observed_ms) - reserved_ms, 0)::bigint as unreserved_ms,
       greatest(floor(instance_ms * gpus) - floor(observed_ms), 0)::bigint as unobserved_ms
  from told
