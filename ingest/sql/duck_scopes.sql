create table scopes as
select
    row_number() over (order by scope_issuer, billing_account_id, billing_period) as number,
    scope_issuer,
    billing_account_id,
    billing_period,
    sum(rows)::bigint as rows,
    sum(greatest(billed_cost, 0)) as gross_cost,
    list(distinct provider order by provider) as providers
from numbered
group by scope_issuer, billing_account_id, billing_period
