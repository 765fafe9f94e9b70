-- Resources of instance time that telemetry may know on some day.
create temp table p_resource on commit drop as
select resource_id
  from (
      select distinct s.resource_id
        from (select series_id, no from p_told union all select series_id, no from p_known) t
        join p_claim c on c.no = t.no
         and coalesce(c.resource_rule_id, c.pod_rule_id) is not null
        join ingest_chargeseries s on s.id = t.series_id
       where s.resource_id <> ''
  ) i
 where exists (select from ingest_resourcemap m where m.resource_id = i.resource_id)
    -- The first row of the node or of the next one, in the order of one index: no statistics make
    -- the planner look for a node that is not there in another.
    or (select g.node = i.resource_id and g.t_start < %(end)s from ingest_gpuinterval g
         where g.node >= i.resource_id order by g.node, g.t_start limit 1)
    or (select p.node = i.resource_id and p.hour < %(end)s from ingest_podhour p
         where p.node >= i.resource_id order by p.node, p.hour limit 1)
