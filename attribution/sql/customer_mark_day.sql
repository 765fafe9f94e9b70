-- Before the day is read: another worker that finds it so marked leaves it alone.
insert into attribution_customersplit as s (day, version, has_customers, summed)
values (%(day)s, %(version)s, false, false)
on conflict (day) do update set version = excluded.version, has_customers = false, summed = false
 where s.version <> excluded.version
