-- Sends whose worker vanished. What was not handed over waits again, and so does what the other
-- side knows when it comes twice; the rest may have arrived, and nobody tries it blindly.
with vanished as (
    select id,
           case
               when handed_at is not null and not via = any(%(safe)s) then 'unknown'
               when tries >= %(tries_max)s then 'failed'
               else 'queued'
           end as becomes
    from notify_send
    where state = 'sending' and lease_until < %(now)s
    for update skip locked
)
update notify_send s
set state = v.becomes,
    next_try_at = %(now)s,
    lease_until = null,
    settled_at = case when v.becomes = 'queued' then null else %(now)s end,
    said = case
        when s.handed_at is null then 'its worker vanished before it was handed over'
        else 'its worker vanished after it was handed over: it may have arrived'
    end,
    history = s.history || jsonb_build_array(jsonb_build_array(
        to_char(%(now)s at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'worker vanished ' || case when s.handed_at is null then 'before' else 'after' end
            || ' handing it over'
    ))
from vanished v
where s.id = v.id
returning s.id
