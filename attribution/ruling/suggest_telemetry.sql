-- What ran on nodes that bear the name of an unattributed resource.
select
    i.node, i.cluster, i.namespace, i.pod, i.workload_key,
    sum(floor(i.observed_ms * i.alloc_gpu_fraction))::bigint as gpu_ms
from ingest_gpuinterval i
where i.node = any(%(nodes)s) and i.workload_key <> ''
    and i.t_start >= %(start)s::timestamp at time zone 'utc'
    and i.t_start < %(end)s::timestamp at time zone 'utc'
group by 1, 2, 3, 4, 5
having sum(floor(i.observed_ms * i.alloc_gpu_fraction)) > 0
order by 1, 2, 3, 4, 5
