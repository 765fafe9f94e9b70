-- How the price of a GPU machine divides between its GPUs and its CPU and memory, per charge whose
-- rule says so: what one GPU-millisecond, one microsecond of all its CPU and one of all its memory
-- weigh, in trillionths of the charge. Time in which no pods are known goes with the GPUs. Without
-- a row the GPUs carry all: no such rule, no pods known, or a machine whose shape nobody knows.
create temp table w_node_price on commit drop as
with machine as (
    select resource_id, sum(observed_us) as observed_us,
           sum(cpu_capacity_ms) * 1000 / nullif(sum(observed_us), 0) as vcpus,
           sum(memory_capacity_ms) * 1000 / 1024 / nullif(sum(observed_us), 0) as memory_gb
      from w_machine
     group by resource_id
), gpu as (
    select resource_id, sum(ms) as ms
      from (select resource_id, active_ms + held_ms + empty_ms as ms from w_gpu
            union all
            select resource_id, unreserved_ms + unobserved_ms from w_capacity) g
     group by resource_id
), shape as (
    select * from unnest(%(shape_types)s::text[], %(shape_vcpus)s::numeric[],
                         %(shape_memory)s::numeric[], %(shape_price)s::numeric[],
                         %(shape_vcpu_price)s::numeric[], %(shape_gb_price)s::numeric[])
        as t (name, vcpus, memory_gb, price, vcpu_price, gb_price)
), policy as (
    select c.charge_id, c.resource_id, c.instance_part, c.options ->> 'node_price' as node_price,
           k.type_gpus, g.ms as gpu_ms, m.observed_us, k.instance_ms * 1000 as billed_us,
           coalesce(s.vcpus, m.vcpus) as vcpus, coalesce(s.memory_gb, m.memory_gb) as memory_gb,
           s.price, s.vcpu_price, s.gb_price
      from w_charge c
      join w_capacity k using (resource_id)
      join machine m using (resource_id)
      join gpu g using (resource_id)
      left join shape s on s.name = lower(c.instance_type)
     where c.method = 'gpu_time' and c.options ->> 'node_price' in ('aws', 'price_list')
       and c.instance_part in ('', 'cpu', 'memory') and k.instance_ms > 0 and g.ms > 0
), worth as (
    select *,
           case when instance_part <> '' then 0
                when node_price = 'aws' then 9 * type_gpus
                else price - vcpus * vcpu_price - memory_gb * gb_price end as gpu,
           case when instance_part <> '' then (instance_part = 'cpu')::int
                when node_price = 'aws' then 0.9 * vcpus
                else vcpus * vcpu_price end as cpu,
           case when instance_part <> '' then (instance_part = 'memory')::int
                when node_price = 'aws' then 0.1 * memory_gb
                else memory_gb * gb_price end as memory,
           least(observed_us, billed_us) / billed_us as known
      from policy
)
select charge_id,
       1000000000000 * (gpu + (1 - known) * (cpu + memory)) / (gpu + cpu + memory) / gpu_ms
           as per_gpu_ms,
       1000000000000 * known * cpu / (gpu + cpu + memory) / observed_us as per_cpu_us,
       1000000000000 * known * memory / (gpu + cpu + memory) / observed_us as per_memory_us
  from worth
 where gpu >= 0 and cpu + memory > 0 and observed_us > 0
