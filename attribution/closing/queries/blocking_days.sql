-- Days of the month that are not as they will be. What ingest told since counts as waiting, and so
-- does a day published under other rules than the close pins.
with state as (
    select s.source_id, s.day, s.failure <> '' as failed,
           s.lease_until >= clock_timestamp() and s.dirty_version > s.published_version as working,
           s.dirty_version > s.published_version
               or s.rule_set_id is distinct from coalesce(p.rule_set_id, s.rule_set_id) as dirty,
           s.spread_version < s.published_version as unspread
      from attribution_daystate s
      left join attribution_pinnedruleset p on p.close_id = %(close)s and p.day = s.day
     where s.day >= %(start)s and s.day < %(end)s
), told as (
    select distinct day
      from ingest_changedday
     where day >= %(start)s and day < %(end)s
)
select (select count(*) from state where working) as working,
       (select count(*) from state where failed) as failed,
       (select count(distinct day)
          from (select day from state where dirty and not failed and not coalesce(working, false)
                union select day from told) d) as dirty,
       (select count(*) from state where unspread) as unspread
