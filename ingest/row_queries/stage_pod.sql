create temp table stage_pod as
select
    hour, cluster, node, namespace, pod, observed_ms, cpu_requested_ms, cpu_used_ms,
    cpu_capacity_ms, memory_requested_ms,
    memory_used_ms, memory_capacity_ms
from ingest_podhour
limit 0
