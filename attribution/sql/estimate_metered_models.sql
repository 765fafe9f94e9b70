-- Which sources tell of calls of which models, in the days asked.
select u.source_id, u.provider, coalesce(a.canonical, u.model) as model
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
 group by 1, 2, 3
 order by 1, 2, 3
