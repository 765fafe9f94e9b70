insert into ingest_podhour (
    source_id, delivery_id, hour, cluster, node, namespace, pod, observed_ms,
    cpu_requested_ms, cpu_used_ms, cpu_capacity_ms, memory_requested_ms,
    memory_used_ms, memory_capacity_ms
)
select
    %(source_id)s, %(delivery_id)s, hour, cluster, node, namespace, pod, observed_ms,
    cpu_requested_ms, cpu_used_ms, cpu_capacity_ms, memory_requested_ms,
    memory_used_ms, memory_capacity_ms
from stage_pod
