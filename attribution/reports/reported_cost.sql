-- What calls themselves said they cost, by provider and canonical model: shown beside, never used.
select u.provider, coalesce(a.canonical, u.model) as model, u.reported_currency as currency,
    sum(u.reported_cost) as reported_cost
from ingest_usage u
left join aicost_alias_days(%(start)s, %(end)s) a
    on a.day = u.hour::date and a.dimension = 'model' and a.raw = u.model
where u.hour >= %(start)s::timestamp at time zone 'utc'
    and u.hour < %(end)s::timestamp at time zone 'utc' and u.reported_cost is not null
group by 1, 2, 3
order by 1, 2, 3
