-- The old claims of series that change, and both claims of those that are weighed together with
-- one that changes: of the same model, on the same resource, or following it.
insert into p_told
with changing as (
    select distinct series_id from p_told
), touched as (
    select series_id from changing union select series_id from p_bound
), mixed as (
    select distinct case when c.by_day then c.model else '' end as model,
           case when coalesce(c.resource_rule_id, c.pod_rule_id) is not null
                then s.resource_id else '' end as resource_id
      from (select series_id, no from p_told
            union all
            select series_id, no from p_known where series_id in (select * from touched)) t
      join p_claim c on c.no = t.no
      join ingest_chargeseries s on s.id = t.series_id
)
select series_id, 1, no
  from p_known
 where series_id in (select * from changing)
   -- Somebody may have claimed it since it was asked.
   and series_id not in (select series_id from p_told where side = 1)
union all
select k.series_id, side, k.no
  from p_known k
  join ingest_chargeseries s on s.id = k.series_id
 cross join generate_series(1, 2) side
 where k.series_id not in (select * from changing)
   and (k.series_id in (select series_id from p_bound)
        or k.by_day and k.model <> '' and k.model in (select model from mixed)
        or coalesce(k.resource_rule_id, k.pod_rule_id) is not null
           and s.resource_id in (select resource_id from mixed join p_resource using (resource_id)))
