-- The rest that rounding took is tiny, so it is summed apart: with it, a sum of written amounts
-- would not fit into 38 digits.
select
    s.number as scope_number,
    n.billing_currency,
    sum(n.rows)::bigint as rows,
    sum(n.billed_cost)::varchar as billed_cost,
    sum(n.billed_rest)::varchar as billed_rest,
    sum(n.effective_cost)::varchar as effective_cost,
    min(n.day) as first_day,
    max(n.day) as last_day
from numbered as n
join scopes as s
    on s.scope_issuer = n.scope_issuer
    and s.billing_account_id = n.billing_account_id
    and s.scope_part = n.scope_part
group by s.number, n.billing_currency
order by s.number, n.billing_currency
