-- A reopened month: all its days are attributed anew, by the rules and maps of now.
update attribution_daystate
   set dirty_version = dirty_version + 1, failure = '',
       reasons = (select array_agg(distinct r order by r) from unnest(reasons || '{reopened}') r)
 where day >= %(start)s and day < %(end)s
