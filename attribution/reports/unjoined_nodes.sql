-- Nodes with telemetry whose resource, mapped or named alike, is on no bill. The recursion walks
-- the index from node to node, so that joined telemetry is never read.
with recursive node (name) as (
    (select min(i.node) from ingest_gpuinterval i where i.node > '')
    union all
    select (select min(i.node) from ingest_gpuinterval i where i.node > n.name)
    from node n
    where n.name is not null
),
unjoined as (
    select n.name
    from node n
    where n.name is not null
        and not exists (select from ingest_chargeseries h where h.resource_id = n.name)
        and not exists (
            select from ingest_resourcemap m
            join ingest_chargeseries h on h.resource_id = m.resource_id
            where m.node = n.name
                and (m.valid_from is null or m.valid_from < %(end)s)
                and (m.valid_to is null or m.valid_to > %(start)s)
        )
)
select
    u.name, i.cluster as detail,
    sum(case when i.workload_key = '' then i.observed_ms
             else floor(i.observed_ms * i.alloc_gpu_fraction)::bigint end) as gpu_ms,
    min(i.t_start at time zone 'utc')::date as first_day,
    max(i.t_start at time zone 'utc')::date as last_day
from unjoined u
join ingest_gpuinterval i on i.node = u.name
-- Of devices their own rows; where only a scheduler knows the GPUs, what its jobs held.
where (i.workload_key = '') <> (i.device_uuid like 'job:%%')
    and i.t_start >= %(start)s::timestamp at time zone 'utc'
    and i.t_start < %(end)s::timestamp at time zone 'utc'
group by 1, 2
order by gpu_ms desc, 1, 2
