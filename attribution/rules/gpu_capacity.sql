-- Capacity of each resource: the GPU time its GPU meters bill; a machine of one meter has billed
-- instance time times the GPUs of its type, as the bill says, as its scheduler says, else the
-- devices seen. What the buckets show beyond it counts in full; what they do not show is
-- unobserved, save for time in which all reservations are known. used_unreserved_ms is what the
-- consumption view leaves unreserved; null where no process tells its own activity.
create temp table w_capacity on commit drop as
with charge as (
    select resource_id, instance_type, gpus, instance_part,
           case when unit ~* '(^|[ -])s(ec(ond)?s?)?$' then 1000 else 3600000 end
               * greatest(coalesce(consumed_quantity, pricing_quantity, 0), 0) as ms
      from w_charge
     where by_resource and instance_time and method = 'gpu_time'
), billed as (
    -- Cores alone are counted in core time: of a machine a day holds 24 hours at most.
    select resource_id, lower(max(instance_type)) as instance_type, max(gpus) as gpus,
           coalesce(sum(ms) filter (where instance_part = 'gpu'), 0) as gpu_ms,
           coalesce(nullif(sum(ms) filter (where instance_part = ''), 0),
                    least(sum(ms) filter (where instance_part = 'cpu'), 86400000),
                    0) as instance_ms
      from charge
     group by resource_id
), seen as (
    select resource_id, sum(device_ms) as device_ms, nullif(max(devices), 0) as devices,
           sum(active_ms + held_ms + empty_ms) as reserved_ms, sum(covered_ms) as covered_ms,
           nullif(max(gpus), 0) as gpus, sum(process_ms - told_ms) as moved_ms
      from w_gpu
     group by resource_id
), hourly as (
    select g.resource_id, h.nth, sum(h.device) as device_ms, sum(h.covered) as covered_ms,
           sum(h.active + h.held + h.empty) as reserved_ms
      from w_gpu g
     cross join lateral unnest(g.device_hours, g.covered_hours, g.active_hours, g.held_hours,
                               g.empty_hours)
           with ordinality h (device, covered, active, held, empty, nth)
     group by g.resource_id, h.nth
), type as (
    select * from unnest(%(instance_types)s::text[], %(instance_gpus)s::int[]) as t (name, gpus)
), machine as (
    select b.*, s.device_ms, coalesce(s.covered_ms, 0) as covered_ms,
           coalesce(s.reserved_ms, 0) as reserved_ms, s.moved_ms,
           coalesce(t.gpus, b.gpus, s.gpus, s.devices, 1) as type_gpus
      from billed b
      left join seen s on s.resource_id = b.resource_id
      left join type t on t.name = b.instance_type
), capacity as (
    select *, case when gpu_ms > 0 then gpu_ms else instance_ms * type_gpus end as capacity_ms
      from machine
), told as (
    select *, greatest(device_ms, reserved_ms, least(covered_ms * type_gpus, capacity_ms), 0)
              as observed_ms
      from capacity
)
select resource_id, instance_type, type_gpus, instance_ms,
       floor(observed_ms)::bigint as observed_ms,
       greatest(floor(observed_ms) - reserved_ms, 0)::bigint as unreserved_ms,
       case when moved_ms is not null
            then greatest(floor(observed_ms) - reserved_ms - moved_ms, 0)::bigint
            end as used_unreserved_ms,
       nullif(array(select (greatest(h.device_ms, h.reserved_ms, h.covered_ms * t.type_gpus)
                     - h.reserved_ms)::bigint
               from hourly h
              where h.resource_id = t.resource_id
              order by h.nth), '{}') as unreserved_hours,
       greatest(floor(capacity_ms) - floor(observed_ms), 0)::bigint as unobserved_ms
  from told t
