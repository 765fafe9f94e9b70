-- The oldest job that waits and is due, or whose worker let its lease run out.
update jobs_job
set state = 'running',
    tries = tries + 1,
    claimed_by = %(worker)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
where id = (
    select id
    from jobs_job
    where state in ('new', 'running')
      and (lease_until is null or lease_until < clock_timestamp())
      and tries < %(tries_max)s
      and (%(kinds)s::text[] is null or kind = any(%(kinds)s::text[]))
      and (%(upto_id)s::bigint is null or id <= %(upto_id)s::bigint)
    order by created_at, id
    limit 1
    for update skip locked
)
returning id
