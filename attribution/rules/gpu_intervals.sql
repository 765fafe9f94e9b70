-- GPU-milliseconds of the day per resource and workload, from the 5-minute buckets.
-- Shares of one device that add up to more time than it has (MIG 4g+3g, replicas) shrink together;
-- pods that follow each other on it within a bucket do not. Of a node whose GPUs only a scheduler
-- knows (device `job:…`) the GPUs its jobs held count, unless telemetry names workloads there; a
-- row without a job says how long all reservations of the node are known (covered_ms).
-- Where every holder of a device tells its own activity, process_ms is the device's time, as far
-- as any of them was there, in proportion to it (the consumption view) and told_ms what was
-- reserved meanwhile. Hours are of the day, UTC: a bucket never spans two.
create temp table w_gpu on commit drop as
with node as (
    select distinct cluster, node
      from ingest_gpuinterval
     where t_start >= %(day)s and t_start < %(day)s::date + 1
), joined as (
    select n.cluster, n.node, coalesce(m.resource_id, n.node) as resource_id
      from node n
      left join lateral (
          select m.resource_id
            from aicost_resourcemap_on(%(day)s) m
           where m.node = n.node and m.cluster in ('', n.cluster)
             and (m.valid_from is null or m.valid_from <= %(day)s)
             and (m.valid_to is null or m.valid_to > %(day)s)
           order by m.found, m.cluster desc, m.valid_from desc nulls last, m.id desc
           limit 1
      ) m on true
), bucket as (
    -- In this order, since the windows below go by it.
    select distinct on (g.device_uuid, g.t_start, g.workload_key, g.mig_instance_id)
           j.resource_id, g.cluster, g.namespace, g.pod, g.workload_key, g.device_uuid,
           g.mig_instance_id, g.t_start,
           g.observed_ms, g.held_idle_ms, g.empty_idle_ms, g.sm_ms, g.gr_busy_ms,
           case g.util_scope when 'process' then g.busy_ms end as own_busy_ms,
           case g.workload_key when '' then 0 else g.alloc_gpu_fraction end as fraction
      from ingest_gpuinterval g
      join joined j on j.cluster = g.cluster and j.node = g.node
     where g.t_start >= %(day)s and g.t_start < %(day)s::date + 1
       and g.device_uuid not like 'job:%%'
       and j.resource_id in (select resource_id from w_charge where by_resource)
       and (g.source_id, g.device_uuid, g.t_start) not in (select * from w_twice)
     order by g.device_uuid, g.t_start, g.workload_key, g.mig_instance_id, g.source_id,
              g.util_scope <> 'process', g.util_scope
), shared as (
    select *, max(observed_ms) over device as device_ms,
           sum(observed_ms * fraction) over device as claimed_ms,
           count(*) filter (where fraction > 0) over device as holders,
           count(own_busy_ms) filter (where fraction > 0) over device as telling,
           sum(own_busy_ms) filter (where fraction > 0) over device as told_busy_ms,
           sum(observed_ms) filter (where fraction > 0) over device as there_ms
      from bucket
    window device as (partition by device_uuid, t_start)
), share as (
    -- Not merged with what uses it (offset 0): each use of a part would divide anew.
    select *, fraction * device_ms / greatest(claimed_ms, device_ms, 1) as part
      from shared
    offset 0
), whole as (
    select *, row_number() over device as nth,
           floor(held_idle_ms * part)::bigint as held_part,
           floor(empty_idle_ms * part)::bigint as empty_part,
           -- Rounded as they add up, so that shares that fill a device leave nothing of it over.
           (round(sum(observed_ms * part) over device)
            - round(sum(observed_ms * part) over device - observed_ms * part))::bigint
               as reserved_ms,
           case when fraction > 0 and holders = telling and told_busy_ms > 0
                then floor(least(device_ms, there_ms) * own_busy_ms::numeric
                           / told_busy_ms)::bigint
                end as process_ms
      from share
    window device as (partition by device_uuid, t_start
                      order by workload_key, mig_instance_id rows unbounded preceding)
), state as (
    select *, least(held_part, reserved_ms) as held_ms,
           least(empty_part, reserved_ms - least(held_part, reserved_ms)) as empty_ms
      from whole
), seen as (
    select resource_id, count(*) as devices
      from (select distinct resource_id, device_uuid from whole) d
     group by resource_id
), job as (
    select distinct on (g.device_uuid, g.workload_key, g.t_start)
           j.resource_id, g.cluster, g.namespace, g.pod, g.workload_key, g.t_start,
           g.observed_ms, g.alloc_gpu_fraction as gpus
      from ingest_gpuinterval g
      join joined j on j.cluster = g.cluster and j.node = g.node
     where g.t_start >= %(day)s and g.t_start < %(day)s::date + 1
       and g.device_uuid like 'job:%%'
       and j.resource_id in (select resource_id from w_charge where by_resource)
       and j.resource_id not in (select resource_id from bucket where workload_key <> '')
     order by g.device_uuid, g.workload_key, g.t_start, g.source_id
), hourly as (
    select resource_id, cluster, namespace, pod, workload_key,
           extract(hour from t_start at time zone 'utc')::int as hour,
           sum(reserved_ms - held_ms - empty_ms)::bigint as active_ms,
           sum(held_ms)::bigint as held_ms,
           sum(empty_ms)::bigint as empty_ms,
           sum(case nth when 1 then device_ms else 0 end)::bigint as device_ms,
           0::bigint as covered_ms, 0::numeric as gpus,
           sum(process_ms)::bigint as process_ms,
           coalesce(sum(reserved_ms) filter (where process_ms is not null), 0)::bigint as told_ms,
           coalesce(sum(held_ms) filter (where process_ms is not null), 0)::bigint
               as told_held_ms,
           coalesce(sum(empty_ms) filter (where process_ms is not null), 0)::bigint
               as told_empty_ms,
           coalesce(sum(reserved_ms) filter (
               where process_ms is null and holders = 1 and part >= 1), 0)::bigint as alone_ms,
           sum(sm_ms * part) as sm_ms,
           coalesce(sum(reserved_ms) filter (where sm_ms is not null), 0)::bigint as sm_known_ms,
           sum(gr_busy_ms * part) as gr_ms,
           coalesce(sum(reserved_ms) filter (where gr_busy_ms is not null), 0)::bigint
               as gr_known_ms
      from state
     group by 1, 2, 3, 4, 5, 6
    union all
    select resource_id, cluster, namespace, pod, workload_key,
           extract(hour from t_start at time zone 'utc')::int,
           sum(case workload_key when '' then 0 else floor(observed_ms * gpus) end)::bigint,
           0, 0, 0,
           sum(case workload_key when '' then observed_ms else 0 end)::bigint,
           max(case workload_key when '' then gpus else 0 end),
           null, 0, 0, 0, 0, null, 0, null, 0
      from job
     group by 1, 2, 3, 4, 5, 6
)
select h.resource_id, h.cluster, h.namespace, h.pod, h.workload_key,
       sum(active_ms)::bigint as active_ms, sum(held_ms)::bigint as held_ms,
       sum(empty_ms)::bigint as empty_ms, sum(device_ms)::bigint as device_ms,
       coalesce(max(s.devices), 0) as devices, sum(covered_ms)::bigint as covered_ms,
       max(gpus) as gpus, sum(process_ms)::bigint as process_ms, sum(told_ms)::bigint as told_ms,
       sum(told_held_ms)::bigint as told_held_ms, sum(told_empty_ms)::bigint as told_empty_ms,
       sum(alone_ms)::bigint as alone_ms, floor(sum(sm_ms))::bigint as sm_ms,
       sum(sm_known_ms)::bigint as sm_known_ms, floor(sum(gr_ms))::bigint as gr_ms,
       sum(gr_known_ms)::bigint as gr_known_ms,
       aicost_hours(hour, active_ms) as active_hours, aicost_hours(hour, held_ms) as held_hours,
       aicost_hours(hour, empty_ms) as empty_hours, aicost_hours(hour, device_ms) as device_hours,
       aicost_hours(hour, covered_ms) as covered_hours
  from hourly h
  left join seen s on s.resource_id = h.resource_id
 group by h.resource_id, h.cluster, h.namespace, h.pod, h.workload_key
