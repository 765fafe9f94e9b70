-- What telemetry saw of one resource on one day: GPU time against what was billed or seen.
select
    g.gpu_ms, g.unobserved_ms, i.devices, i.intervals, i.sources
from (
    select
        sum(d.gpu_ms)::bigint as gpu_ms,
        coalesce(sum(d.gpu_ms) filter (where t.state = 'unobserved'), 0)::bigint as unobserved_ms
    from attribution_gpuday d
    join attribution_target t on t.id = d.target_id
    where d.source_id = %(source)s and d.day = %(day)s and d.resource_id = %(resource)s
) g
cross join lateral (
    select
        count(distinct v.device_uuid) filter (where v.device_uuid not like 'job:%%') as devices,
        count(distinct v.t_start) as intervals,
        string_agg(distinct s.name, ', ' order by s.name) as sources
    from ingest_gpuinterval v
    join ingest_source s on s.id = v.source_id
    where v.t_start >= %(day)s::timestamp at time zone 'utc'
        and v.t_start < (%(day)s::date + 1)::timestamp at time zone 'utc'
        and (v.node = %(resource)s or v.node in (
            select m.node from aicost_resourcemap_on(%(day)s) m
            where m.resource_id = %(resource)s
                and (m.valid_from is null or m.valid_from <= %(day)s)
                and (m.valid_to is null or m.valid_to > %(day)s)))
) i
where g.gpu_ms is not null
