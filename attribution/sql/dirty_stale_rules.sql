-- Days published under other rules or aliases than those now in force there; a closed month is
-- not reached.
update attribution_daystate
   set dirty_version = dirty_version + 1, failure = '',
       reasons = (select array_agg(distinct r order by r) from unnest(reasons || '{rules}') r)
 where rule_set_id <> %(rule_set)s and dirty_version = published_version
   and (%(from)s::date is null or day >= %(from)s)
   and (%(to)s::date is null or day < %(to)s)
   and not exists (
       select from attribution_monthclose m
        where m.month = date_trunc('month', day::timestamp)::date and m.reopened_at is null
   )
