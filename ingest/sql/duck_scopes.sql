create table scopes as
select
    row_number() over (order by scope_issuer, billing_account_id, scope_part) as number,
    scope_issuer,
    billing_account_id,
    scope_part,
    sum(rows)::bigint as rows,
    sum(greatest(billed_cost, 0)) as gross_cost,
    list(distinct strftime(billing_period, '%Y-%m') order by 1) as billing_periods,
    list(distinct provider order by provider) as providers
from numbered
group by scope_issuer, billing_account_id, scope_part
