-- The sources that told of calls in the period, and which deliveries touch it.
select
    s.id, s.name as source, s.usage_role = 'provider_count' as is_count, u.rows, u.first_day,
    u.last_day, (
        select array_agg(d.name order by d.id) from (
            select l.id, l.name from ingest_delivery l
            where l.source_id = s.id and l.state = 'published'
                and l.first_day < %(end)s and l.last_day >= %(start)s
            order by l.id desc
            limit 12
        ) d
    ) as deliveries
from (
    select source_id, count(*) as rows, min(day) as first_day, max(day) as last_day
    from ingest_usageday
    where day >= %(start)s and day < %(end)s and activity in ('', 'inference')
    group by 1
) u
join ingest_source s on s.id = u.source_id
order by is_count, s.name
