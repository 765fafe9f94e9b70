-- A page of the dearest customers, or of the cheapest ones if `backwards` (whose order the caller
-- turns round), of a period that is one month with all its days, by an index of its sums; no row
-- where it is not, and the ranking has to add up. Pages behind the middle are counted from the end,
-- so that none reads more than half of them. Equal costs stand by name, as the ranking has it.
-- Limits are selected, so that the planner takes the index whatever they are: else it sorts all.
with one as materialized (
    select min(date_trunc('month', day))::date as month, max(month_customers) as customers
    from attribution_customersplit
    where has_customers and day >= date_trunc('month', %(start)s::date)
        and day < date_trunc('month', %(end)s::date - 1) + interval '1 month'
    having count(distinct date_trunc('month', day)) = 1
        and bool_and(summed and day >= %(start)s and day < %(end)s)
),
page as materialized (
    select
        month, customers, greatest(least(%(rows_max)s, customers - %(first)s), 0) as size,
        greatest(case when %(backwards)s then customers - %(first)s - %(rows_max)s
            else %(first)s end, 0) as skipped
    from one
),
near as (
    select customer, currency, effective_cost
    from attribution_customercost
    where grain = 'customer_month' and day = (select month from page)
        and (select skipped <= customers / 2 from page)
    order by effective_cost desc, customer, currency
    limit (select size from page) offset (select skipped from page)
),
far as (
    select customer, currency, effective_cost
    from attribution_customercost
    where grain = 'customer_month' and day = (select month from page)
        and (select skipped > customers / 2 from page)
    order by effective_cost, customer desc, currency desc
    limit (select size from page)
    offset (select greatest(customers - skipped - size, 0) from page)
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
