-- The send that has waited longest. Two workers never get the same one.
update notify_send
set state = 'sending',
    tries = tries + 1,
    claimed_by = %(worker)s,
    handed_at = null,
    lease_until = %(now)s + make_interval(secs => %(lease_seconds)s)
where id = (
    select id
    from notify_send
    where state = 'queued' and next_try_at <= %(now)s
    order by next_try_at, id
    limit 1
    for update skip locked
)
returning id
