select
    scope_id,
    currency,
    sum(billed_delta) as billed_delta,
    sum(effective_delta) as effective_delta,
    count(*) filter (where what = 'added') as charges_added,
    count(*) filter (where what = 'changed') as charges_changed,
    count(*) filter (where what = 'removed') as charges_removed,
    min(day) as first_day,
    max(day) as last_day
from charge_change
group by scope_id, currency
order by scope_id, currency
