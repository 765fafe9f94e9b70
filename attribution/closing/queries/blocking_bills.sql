-- Bills of the month: whether they have charges in it, and from when it is final to its last day.
with standing as (
    select s.id, s.name, s.final_after_days, (s.state ->> 'final_through')::date as final_through,
           exists (select from ingest_charge c
                    where c.source_id = s.id and c.day >= %(start)s and c.day < %(end)s) as stands,
           s.enabled and exists (select from ingest_charge c
                    where c.source_id = s.id and c.day >= %(start)s::date - interval '1 month'
                      and c.day < %(start)s) as expected
      from ingest_source s
     where s.kind = 'bill'
)
select name as source, stands, final_on,
       coalesce(final_through >= %(last)s, %(today)s >= final_on) as final
  from (select *, %(last)s::date + final_after_days as final_on from standing) d
 where stands or expected
 order by name
