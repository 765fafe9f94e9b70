-- Jobs that could be worked on and that nobody took since they were last announced.
update jobs_job
set announced_at = clock_timestamp()
where id in (
    select id
    from jobs_job
    where state in ('new', 'running')
      and (lease_until is null or lease_until < clock_timestamp())
      and (announced_at is null
           or announced_at < clock_timestamp() - make_interval(secs => %(announce_seconds)s))
    order by created_at, id
    for update skip locked
)
returning id
