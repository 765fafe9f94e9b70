-- Days whose bills were published since, or whose calls changed; days that are gone are cleared.
select coalesce(d.day, s.day), coalesce(d.version, 0)
  from (select day, sum(published_version)::bigint as version
          from attribution_daystate
         where published_version > 0
         group by day) d
  full join attribution_customersplit s on s.day = d.day
 where s.version is distinct from coalesce(d.version, 0)
 order by 1
