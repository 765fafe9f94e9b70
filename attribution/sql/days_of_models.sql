-- Days of a period with calls of these models (canonical names), or of any.
select distinct u.day
  from ingest_usageday u
  left join aicost_alias_days(%(start)s, %(end)s) a
    on a.day = u.day and a.dimension = 'model' and a.raw = u.model
 where u.day >= %(start)s and u.day < %(end)s and u.model <> ''
   and (%(models)s::text[] is null or coalesce(a.canonical, u.model) = any(%(models)s))
 order by 1
