-- Hours of machines whose pods share their price: those of rule `pods`, and of GPU machines whose
-- rule splits the price between GPUs and the rest. Of two sources that tell the same hour of a node
-- the fuller one counts, of equals the older.
create temp table if not exists w_machine on commit drop as
with wanted as (
    select resource_id, bool_or(coalesce(options ->> 'unused', 'idle') = 'shared') as shares_unused
      from w_charge
     where by_resource and instance_time
       and (method = 'pods'
            or method = 'gpu_time' and coalesce(options ->> 'node_price', 'all_gpu') <> 'all_gpu')
     group by resource_id
), joined as (
    select n.cluster, n.node, coalesce(m.resource_id, n.node) as resource_id
      from (select distinct cluster, node
              from ingest_podhour
             where hour >= %(day)s and hour < %(day)s::date + 1
               and exists (select from wanted)) n
      left join lateral (
          select m.resource_id
            from aicost_resourcemap_on(%(day)s) m
           where m.node = n.node and m.cluster in ('', n.cluster)
             and (m.valid_from is null or m.valid_from <= %(day)s)
             and (m.valid_to is null or m.valid_to > %(day)s)
           order by m.found, m.cluster desc, m.valid_from desc nulls last, m.id desc
           limit 1
      ) m on true
)
select distinct on (p.node, p.hour)
       j.resource_id, w.shares_unused, p.source_id, p.cluster, p.node, p.hour,
       p.observed_ms * 1000::bigint as observed_us,
       coalesce(p.cpu_capacity_ms, 0) as cpu_capacity_ms,
       coalesce(p.memory_capacity_ms, 0) as memory_capacity_ms
  from ingest_podhour p
  join joined j on j.cluster = p.cluster and j.node = p.node
  join wanted w on w.resource_id = j.resource_id
 where p.hour >= %(day)s and p.hour < %(day)s::date + 1 and p.pod = ''
 order by p.node, p.hour, p.observed_ms desc, p.source_id
