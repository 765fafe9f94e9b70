-- Microseconds of a machine that each pod held, of its CPU and of its memory: the larger of
-- requested and used, over what the machine has. More than it has shrinks all alike; what nobody
-- asked for is left over, or shared in proportion where the rule says so.
create temp table if not exists w_pods on commit drop as
with held as (
    select m.resource_id, m.shares_unused, m.observed_us, m.cpu_capacity_ms, m.memory_capacity_ms,
           p.cluster, p.node, p.hour, p.namespace, p.pod,
           greatest(p.cpu_requested_ms, p.cpu_used_ms, 0)::numeric as cpu_ms,
           greatest(p.memory_requested_ms, p.memory_used_ms, 0)::numeric as memory_ms
      from w_machine m
      join ingest_podhour p on p.source_id = m.source_id and p.cluster = m.cluster
                           and p.node = m.node and p.hour = m.hour
     where p.pod <> ''
), summed as (
    select *, sum(cpu_ms) over machine as all_cpu_ms, sum(memory_ms) over machine as all_memory_ms
      from held
    window machine as (partition by cluster, node, hour)
), share as (
    select *,
           cpu_ms * observed_us
               / nullif(case when shares_unused then all_cpu_ms
                             else greatest(cpu_capacity_ms, all_cpu_ms) end, 0) as cpu_us,
           memory_ms * observed_us
               / nullif(case when shares_unused then all_memory_ms
                             else greatest(memory_capacity_ms, all_memory_ms) end, 0) as memory_us
      from summed
), gpu as (
    -- A pod with a GPU is the workload that its GPU time is of.
    select cluster, namespace, pod, min(workload_key) as workload_key
      from w_gpu
     where pod <> ''
     group by cluster, namespace, pod
)
select s.resource_id, s.cluster, s.namespace, s.pod,
       coalesce(g.workload_key, format('k8s:%%s/%%s/%%s', s.cluster, s.namespace, s.pod))
           as workload_key,
       coalesce(sum(s.cpu_us), 0) as cpu_us, coalesce(sum(s.memory_us), 0) as memory_us
  from share s
  left join gpu g on g.cluster = s.cluster and g.namespace = s.namespace and g.pod = s.pod
 group by 1, 2, 3, 4, 5
