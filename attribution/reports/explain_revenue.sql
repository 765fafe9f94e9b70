-- The revenue rows of a feature under its canonical name, per delivery and name as told.
select
    s.name as source, d.id as delivery_id, d.name as delivery, coalesce(f.name, '') as file,
    coalesce(f.sha256, '') as sha256, r.feature as told, r.currency, count(*) as rows,
    count(distinct nullif(r.customer, '')) as customers, min(r.day) as first_day,
    max(r.day) as last_day, sum(r.amount) as amount
from ingest_revenue r
join ingest_source s on s.id = r.source_id
join ingest_delivery d on d.id = r.delivery_id
left join aicost_alias_days(%(start)s, %(end)s) a
    on a.day = r.day and a.dimension = 'feature' and a.raw = r.feature
left join lateral (
    select k.name, k.sha256 from ingest_delivery_files l
    join ingest_sourcefile k on k.id = l.sourcefile_id
    where l.delivery_id = d.id
    order by k.id
    limit 1
) f on true
where r.day >= %(start)s and r.day < %(end)s
    and (%(f_feature)s::text[] is null or coalesce(a.canonical, r.feature) = any(%(f_feature)s))
group by 1, 2, 3, 4, 5, 6, 7
order by abs(sum(r.amount)) desc, s.name, d.id, r.feature
