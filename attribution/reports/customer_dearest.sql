-- The dearest customers of a period that is one month with all its days, by an index of its sums;
-- no row where it is not, and the ranking has to add up.
with one as materialized (
    select min(date_trunc('month', day))::date as month, max(month_customers) as customers
    from attribution_customersplit
    where has_customers and day >= date_trunc('month', %(start)s::date)
        and day < date_trunc('month', %(end)s::date - 1) + interval '1 month'
    having count(distinct date_trunc('month', day)) = 1
        and bool_and(summed and day >= %(start)s and day < %(end)s)
),
dearest as (
    select c.customer, c.currency, c.effective_cost, one.customers
    from one
    cross join lateral (
        select * from attribution_customercost k
        where k.grain = 'customer_month' and k.day = one.month
        order by k.effective_cost desc
        limit %(rows_max)s offset %(first)s
    ) c
)
select d.customer, d.currency, d.customers, coalesce(c.name, '') as name
from dearest d
left join lateral (
    select name from ingest_customer
    where customer = d.customer and name <> ''
    order by valid_from desc nulls last
    limit 1
) c on true
order by d.effective_cost desc, d.customer, d.currency
