-- What splits bundled revenue by use: requests and outcomes of whole months by canonical feature.
select u.by, u.month, coalesce(a.canonical, u.feature) as feature, sum(u.weight) as weight
from (
    select 'requests' as by, date_trunc('month', day::timestamp)::date as month, feature,
        requests as weight
    from ingest_usageday
    where day >= %(first)s and day < %(last)s and feature <> '' and requests is not null
    union all
    select 'outcomes', date_trunc('month', day::timestamp)::date, feature, count
    from ingest_outcome
    where day >= %(first)s and day < %(last)s and feature <> ''
) u
left join lateral (
    select canonical from ingest_alias
    where dimension = 'feature' and raw = u.feature
        and (valid_from is null or valid_from <= u.month)
        and (valid_to is null or valid_to > u.month)
    order by valid_from desc nulls last, id desc
    limit 1
) a on true
group by 1, 2, 3
