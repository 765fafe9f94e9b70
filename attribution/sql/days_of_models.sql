-- Days of a period with calls of these models (canonical names), or of any.
select distinct u.day
  from ingest_usageday u
  left join lateral (
      select canonical from ingest_alias
       where dimension = 'model' and raw = u.model
         and (valid_from is null or valid_from <= u.day)
         and (valid_to is null or valid_to > u.day)
       order by valid_from desc nulls last, id desc
       limit 1
  ) a on true
 where u.day >= %(start)s and u.day < %(end)s and u.model <> ''
   and (%(models)s::text[] is null or coalesce(a.canonical, u.model) = any(%(models)s))
 order by 1
