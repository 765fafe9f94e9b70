-- The dearest customers of a period that is one month with all its days, by an index of its sums;
-- no row where it is not, and the ranking has to add up. Pages behind the middle are counted from
-- the end, so that none reads more than half of them. Equal costs stand by name, as there.
with one as materialized (
    select min(date_trunc('month', day))::date as month, max(month_customers) as customers
    from attribution_customersplit
    where has_customers and day >= date_trunc('month', %(start)s::date)
        and day < date_trunc('month', %(end)s::date - 1) + interval '1 month'
    having count(distinct date_trunc('month', day)) = 1
        and bool_and(summed and day >= %(start)s and day < %(end)s)
),
near as (
    select customer, currency, effective_cost
    from attribution_customercost
    where grain = 'customer_month' and day = (select month from one)
        and (select %(first)s <= customers / 2 from one)
    order by effective_cost desc, customer, currency
    limit %(rows_max)s offset %(first)s
),
far as (
    select customer, currency, effective_cost
    from attribution_customercost
    where grain = 'customer_month' and day = (select month from one)
        and (select %(first)s > customers / 2 from one)
    order by effective_cost, customer desc, currency desc
    limit (select greatest(least(%(rows_max)s, customers - %(first)s), 0) from one)
    offset (select greatest(customers - %(first)s - %(rows_max)s, 0) from one)
),
dearest as (
    select f.customer, f.currency, f.effective_cost, one.customers
    from (select * from near union all select * from far) f
    cross join one
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
