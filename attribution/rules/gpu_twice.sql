-- Buckets that do not count, because another source measured the same device at the same time: the
-- one that names what held the device counts, then the one that saw more of it, then the older
-- source (docs/decisions/0021-one-device-two-sources.md).
create temp table w_twice on commit drop as
with device as (
    select device_uuid
      from ingest_gpuinterval
     where t_start >= %(day)s and t_start < %(day)s::date + 1 and device_uuid not like 'job:%%'
     group by device_uuid
    having min(source_id) <> max(source_id)
), told as (
    select g.source_id, g.device_uuid, g.t_start, g.t_end,
           bool_or(g.workload_key <> '') as names_holder,
           max(g.observed_ms) / extract(epoch from g.t_end - g.t_start) as coverage
      from ingest_gpuinterval g
      join device using (device_uuid)
     where g.t_start >= %(day)s and g.t_start < %(day)s::date + 1
     group by g.source_id, g.device_uuid, g.t_start, g.t_end
)
select a.source_id, a.device_uuid, a.t_start
  from told a
 where exists (
           select from told b
            where b.device_uuid = a.device_uuid and b.source_id <> a.source_id
              and b.t_start < a.t_end and b.t_end > a.t_start
              and (b.names_holder, b.coverage, -b.source_id)
                > (a.names_holder, a.coverage, -a.source_id)
       )
