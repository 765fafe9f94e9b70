-- Series of a thing whose charges follow each other, before or after the change, when the claim of
-- one of them changes: its resource; without one its service, meter and tags (as
-- attribution/rules/what.sql has it). Where there is nothing to follow, a charge stands for itself.
create temp table p_bound on commit drop as
with told as (
    select series_id, coalesce(o.no, k.no) as old_no, coalesce(n.no, k.no) as new_no,
           coalesce(o.no, n.no) is not null as changes
      from p_known k
      full join (select series_id, no from p_told where side = 1) o using (series_id)
      full join (select series_id, no from p_told where side = 2) n using (series_id)
), named as (
    select t.series_id, t.changes, b.follows as before, a.follows as after,
           case s.resource_id when '' then concat_ws(chr(31), s.service_name, s.sku_meter,
                                                     s.tags::text, s.sub_account_id)
                else s.resource_id end as what
      from told t
      join p_claim b on b.no = t.old_no
      join p_claim a on a.no = t.new_no
      join ingest_chargeseries s on s.id = t.series_id
), asked as (
    select what from named
     group by what
    having bool_or(changes) and (bool_or(before) and not bool_and(before)
                                 or bool_or(after) and not bool_and(after))
)
select n.series_id, n.what from named n join asked using (what)
