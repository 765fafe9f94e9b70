-- The claims of the merged charges: rule set 1 before, 2 after the change.
create temp table attribution_seriesclaim on commit drop as
select side as rule_set_id, g.series_id, c.*
  from p_group g
 cross join generate_series(1, 2) side
  join p_claim c on c.no = case side when 1 then g.old_no else g.new_no end
 where g.series_id = g.first
