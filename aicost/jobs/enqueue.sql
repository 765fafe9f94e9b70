-- A waiting job of the same kind and key is taken again. Its row stays locked until the caller
-- commits, so that no worker starts it before what it is to work on can be seen.
insert into jobs_job (kind, key, payload, state, tries, claimed_by, created_at, progress, error)
values (%(kind)s, %(key)s, %(payload)s, 'new', 0, '', clock_timestamp(), '', '')
on conflict (kind, key) where state = 'new' and not (key = '')
do update set payload = excluded.payload
returning id
