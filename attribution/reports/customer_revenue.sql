-- Revenue per customer, and feature where asked, under canonical names, as it was told: bundles are
-- split over features, never over customers.
with alias as materialized (
    select * from aicost_alias_days(%(start)s, %(end)s)
)
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then r.day
        else (date_trunc(%(granularity)s, r.day - %(shift)s::interval) + %(shift)s::interval)::date
    end as period,
    coalesce(ac.canonical, r.customer) as customer,
    case when 'feature' = any(%(groups)s) then coalesce(af.canonical, r.feature) else '' end
        as feature,
    r.currency, sum(r.amount) as revenue
from ingest_revenue r
left join alias ac on ac.day = r.day and ac.dimension = 'customer' and ac.raw = r.customer
left join alias af on af.day = r.day and af.dimension = 'feature' and af.raw = r.feature
where r.day >= %(start)s and r.day < %(end)s
    and (%(f_customer)s::text[] is null
        or r.customer in (
            select unnest(%(f_customer)s::text[])
            union all
            select raw from alias where dimension = 'customer' and canonical = any(%(f_customer)s))
            and coalesce(ac.canonical, r.customer) = any(%(f_customer)s))
    and (%(f_feature)s::text[] is null or coalesce(af.canonical, r.feature) = any(%(f_feature)s))
group by 1, 2, 3, 4
