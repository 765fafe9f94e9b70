-- Days whose published figures are not up to date.
select id
  from attribution_daystate
 where day >= %(start)s and day < %(end)s and dirty_version > published_version
