-- Days whose published figures are what the engine would work out again before the change: by these
-- rules, with nothing new since (what happened reaches 35 days at most, as absorb_changes.sql has
-- it). Where the day decides after the change too, both sides are weighed alike: then what does
-- not move is equal to the last digit.
create temp table p_standing on commit drop as
select s.source_id, s.day
  from attribution_daystate s
 where s.day >= %(start)s and s.day < %(end)s
   and s.dirty_version = s.published_version and s.rule_set_id = %(rule_set)s
   and not exists (select from ingest_changedday c where c.day between s.day - 34 and s.day)
   and (s.source_id, s.day) not in (select source_id, day from p_single where day_after)
