-- GPU-milliseconds per hour, instance and workload, as the rule gpu_time counts them per day.
create temp table w_gpu on commit drop as
with bucket as (
    select distinct on (g.device_uuid, g.mig_instance_id, g.workload_key, g.t_start)
           i.resource_id, i.source_id, i.usage_source_id, i.instance_type, i.provider, i.own,
           g.cluster, g.namespace, g.pod, g.workload_key, g.device_uuid, g.t_start,
           date_trunc('hour', g.t_start, 'UTC') as hour,
           g.observed_ms, g.held_idle_ms, g.empty_idle_ms,
           case g.workload_key when '' then 0 else g.alloc_gpu_fraction end as fraction
      from ingest_gpuinterval g
      join w_instance i on i.cluster = g.cluster and i.node = g.node
     where g.t_start >= %(day)s::date::timestamp at time zone 'UTC'
       and g.t_start < (%(day)s::date + 1)::timestamp at time zone 'UTC'
       and g.device_uuid not like 'job:%%'
       and (g.source_id, g.device_uuid, g.t_start) not in (select * from w_twice)
     order by g.device_uuid, g.mig_instance_id, g.workload_key, g.t_start, g.source_id,
              g.util_scope
), shared as (
    select *, max(observed_ms) over device as device_ms,
           sum(observed_ms * fraction) over device as claimed_ms,
           row_number() over (partition by device_uuid, t_start order by workload_key) as nth
      from bucket
    window device as (partition by device_uuid, t_start)
), whole as (
    select *, fraction * device_ms / greatest(claimed_ms, device_ms, 1) as part from shared
)
select resource_id, source_id, usage_source_id, instance_type, provider, own, hour, cluster,
       namespace, pod, workload_key, device_uuid,
       sum(floor(observed_ms * part) - floor(held_idle_ms * part)
           - floor(empty_idle_ms * part))::bigint as active_ms,
       sum(floor(held_idle_ms * part))::bigint as held_ms,
       sum(floor(empty_idle_ms * part))::bigint as empty_ms,
       sum(case nth when 1 then device_ms else 0 end)::bigint as device_ms
  from whole
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
