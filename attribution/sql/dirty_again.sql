-- Days somebody asked to rebuild.
update attribution_daystate
   set dirty_version = dirty_version + 1,
       failure = '',
       reasons = array(select distinct unnest(reasons || array['again']) order by 1)
 where (%(from)s::date is null or day >= %(from)s) and (%(to)s::date is null or day < %(to)s)
