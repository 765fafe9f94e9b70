select count(*) filter (where dirty_version > published_version),
       count(*) filter (where failure <> '')
  from attribution_daystate
