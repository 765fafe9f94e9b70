-- Series of a thing whose charges follow each other, before or after the change, when the claim of
-- one of them changes: its resource; without one its service, meter and tags (as
-- attribution/rules/what.sql has it). Where there is nothing to follow, a charge stands for itself.
create temp table p_bound on commit drop as
with told as (
    select series_id, side, no from p_told
    union all
    select k.series_id, side.side, k.no
      from p_known k
     cross join generate_series(1, 2) side (side)
      left join p_told t on t.series_id = k.series_id and t.side = side.side
     where t.series_id is null
), named as (
    select t.series_id, t.side, c.follows,
           t.series_id in (select series_id from p_told) as changes,
           case s.resource_id when '' then concat_ws(chr(31), s.service_name, s.sku_meter,
                                                     s.tags::text, s.sub_account_id)
                else s.resource_id end as what
      from told t
      join p_claim c on c.no = t.no
      join ingest_chargeseries s on s.id = t.series_id
), asked as (
    select distinct what from named
     group by what, side
    having bool_or(follows) and bool_or(changes) and not bool_and(follows)
)
select distinct n.series_id, n.what from named n join asked using (what)
