-- Revenue per feature under its canonical name.
select
    case %(granularity)s
        when 'total' then %(start)s::date
        when 'day' then r.day
        else date_trunc(%(granularity)s, r.day::timestamp)::date
    end as period,
    coalesce(a.canonical, r.feature) as feature, r.currency, sum(r.amount) as revenue
from ingest_revenue r
left join lateral (
    select canonical from ingest_alias
    where dimension = 'feature' and raw = r.feature
        and (valid_from is null or valid_from <= r.day) and (valid_to is null or valid_to > r.day)
    order by valid_from desc nulls last, id desc
    limit 1
) a on true
where r.day >= %(start)s and r.day < %(end)s
    and (%(f_feature)s::text[] is null or coalesce(a.canonical, r.feature) = any(%(f_feature)s))
group by 1, 2, 3
