-- Calls per customer and what they say of themselves; customer '' are those that name none.
with known as (
    select day, summed, date_trunc('month', day)::date as month
    from attribution_customersplit
    where has_customers and day >= date_trunc('month', %(start)s::date)
        and day < date_trunc('month', %(end)s::date - 1) + interval '1 month'
),
whole as (
    select month
    from known
    where %(granularity)s in ('total', 'month', 'quarter')
    group by month
    having bool_and(summed and day >= %(start)s and day < %(end)s)
),
piece as materialized (
    select month as day, 'month' as grain
    from whole
    union all
    select day, 'day'
    from known
    where day >= %(start)s and day < %(end)s and month not in (select month from whole)
)
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then c.day
        else (date_trunc(%(granularity)s, c.day - %(shift)s::interval) + %(shift)s::interval)::date
    end as period,
    c.customer,
    case when 'feature' = any(%(groups)s) then c.feature else '' end as feature,
    case when 'model' = any(%(groups)s) then c.model else '' end as model,
    case when 'team' = any(%(groups)s) then c.team else '' end as team,
    sum(c.requests)::bigint as requests, sum(c.tokens)::bigint as tokens
from piece p
cross join lateral (
    select * from attribution_customeruse k
    where k.grain = p.grain and k.day = p.day
        and (%(f_customer)s::text[] is null or k.customer = any(%(f_customer)s))
    offset 0
) c
where (%(teams)s::text[] is null or c.team = any(%(teams)s))
    and (%(f_feature)s::text[] is null or c.feature = any(%(f_feature)s))
    and (%(f_model)s::text[] is null or c.model = any(%(f_model)s))
    and (%(f_team)s::text[] is null or c.team = any(%(f_team)s))
group by 1, 2, 3, 4, 5
