-- Revenue per feature under its canonical name.
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then r.day
        else (date_trunc(%(granularity)s, r.day - %(shift)s::interval) + %(shift)s::interval)::date
    end as period,
    coalesce(a.canonical, r.feature) as feature, r.currency, sum(r.amount) as revenue
from ingest_revenue r
left join aicost_alias_days(%(start)s, %(end)s) a
    on a.day = r.day and a.dimension = 'feature' and a.raw = r.feature
where r.day >= %(start)s and r.day < %(end)s
    and (%(f_feature)s::text[] is null or coalesce(a.canonical, r.feature) = any(%(f_feature)s))
group by 1, 2, 3
