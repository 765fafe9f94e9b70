-- What calls themselves said they cost, by provider and canonical model: shown beside, never used.
select u.provider, coalesce(a.canonical, u.model) as model, u.reported_currency as currency,
    sum(u.reported_cost) as reported_cost
from ingest_usage u
left join lateral (
    select canonical from ingest_alias
    where dimension = 'model' and raw = u.model
        and (valid_from is null or valid_from <= u.hour::date)
        and (valid_to is null or valid_to > u.hour::date)
    order by valid_from desc nulls last, id desc
    limit 1
) a on true
where u.hour >= %(start)s::timestamp at time zone 'utc'
    and u.hour < %(end)s::timestamp at time zone 'utc' and u.reported_cost is not null
group by 1, 2, 3
order by 1, 2, 3
