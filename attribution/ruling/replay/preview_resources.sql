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
    -- The first of each is asked for, so that a node without any is told by the index.
    or (select min(g.t_start) from ingest_gpuinterval g where g.node = i.resource_id) < %(end)s
    or (select min(p.hour) from ingest_podhour p where p.node = i.resource_id) < %(end)s
