-- Which sources tell of calls of which models, in the days asked.
select u.source_id, u.provider, coalesce(a.canonical, u.model) as model
  from ingest_usageday u
  left join aicost_alias_days(%(start)s, %(end)s) a
    on a.day = u.day and a.dimension = 'model' and a.raw = u.model
 where u.day >= %(start)s and u.day < %(end)s and u.model <> ''
 group by 1, 2, 3
 order by 1, 2, 3
