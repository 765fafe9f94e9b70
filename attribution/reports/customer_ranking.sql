-- The customers of one page of a list: by cost, revenue, margin or name, or backwards; what is
-- unknown stands last. Money is summed only where the order asks for it. Each grain is read by a
-- name and days of its own, so that the planner knows that they are many rows.
with piece as materialized (
    select
        day, case when not whole then 'day' when %(plain)s then 'customer_month' else 'month' end
            as grain
    from aicost_customer_pieces(%(start)s, %(end)s, %(granularity)s)
),
named as materialized (
    select customer from ingest_customer where %(like)s <> '' and name ilike %(like)s
),
part as (
    select customer, target_id, currency, billed_cost, effective_cost
    from attribution_customercost
    where grain = 'customer_month'
        and day = any(array(select day from piece where grain = 'customer_month'))
    union all
    select customer, target_id, currency, billed_cost, effective_cost
    from attribution_customercost
    where grain = 'month' and day = any(array(select day from piece where grain = 'month'))
    union all
    select customer, target_id, currency, billed_cost, effective_cost
    from attribution_customercost
    where grain = 'day' and day = any(array(select day from piece where grain = 'day'))
),
paid as (
    select
        customer, currency,
        sum(case
            when %(sort)s not in ('cost', 'margin') then null
            when %(basis)s = 'billed' then billed_cost
            else effective_cost
        end) as cost
    from part
    where (%(like)s = '' or customer ilike %(like)s or customer in (select customer from named))
        and (%(plain)s or target_id in (
            select id from attribution_target
            where (%(teams)s::text[] is null or team = any(%(teams)s))
                and (%(f_feature)s::text[] is null or feature = any(%(f_feature)s))
                and (%(f_model)s::text[] is null or model = any(%(f_model)s))
                and (%(f_team)s::text[] is null or team = any(%(f_team)s))))
    group by 1, 2
),
alias as materialized (
    select * from aicost_alias_days(%(start)s, %(end)s) where dimension = 'customer'
),
earned as (
    select coalesce(a.canonical, r.customer) as customer, r.currency, sum(r.amount) as revenue
    from ingest_revenue r
    left join alias a on a.day = r.day and a.raw = r.customer
    where %(sort)s in ('revenue', 'margin') and r.day >= %(start)s and r.day < %(end)s
        and r.customer <> ''
    group by 1, 2
),
known_customer as (
    select
        customer, currency,
        case %(sort)s
            when 'revenue' then - revenue when 'margin' then revenue - coalesce(cost, 0)
            when 'cost' then - cost
        end * case when %(backwards)s then - 1 else 1 end as place
    from paid
    full join earned using (customer, currency)
    where %(like)s = '' or customer ilike %(like)s or customer in (select customer from named)
),
ranked as (
    select *, count(*) over () as customers
    from known_customer
    order by
        case when %(sort)s = 'name' and %(backwards)s then customer end desc,
        place nulls last, customer, currency
    limit %(rows_max)s offset %(first)s
)
select r.customer, r.currency, r.customers, coalesce(c.name, '') as name
from ranked r
left join lateral (
    select name from ingest_customer
    where customer = r.customer and name <> ''
    order by valid_from desc nulls last
    limit 1
) c on true
order by
    case when %(sort)s = 'name' and %(backwards)s then r.customer end desc,
    r.place nulls last, r.customer, r.currency
