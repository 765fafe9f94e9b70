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
left join aicost_alias_days(%(first)s, %(last)s) a
    on a.day = u.month and a.dimension = 'feature' and a.raw = u.feature
group by 1, 2, 3
