-- What lay in storage on the last snapshot of each source and bucket within the period.
with latest as (
    select source_id, bucket, max(day) as day
    from ingest_storageage
    where day >= %(start)s and day < %(end)s
    group by source_id, bucket
)
select
    s.name as source, a.provider, a.bucket, a.prefix, a.storage_class, a.version, a.day,
    a.age_days_min, a.idle_days_min, sum(a.objects)::bigint as objects,
    case when count(a.bytes) = count(*) then sum(a.bytes)::bigint end as bytes
from ingest_storageage a
join latest l on l.source_id = a.source_id and l.bucket = a.bucket and l.day = a.day
join ingest_source s on s.id = a.source_id
where %(f_source)s::text[] is null or s.name = any(%(f_source)s)
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
order by bytes desc nulls last, s.name, a.bucket, a.prefix, a.storage_class, a.version,
    a.age_days_min desc nulls last, a.idle_days_min desc nulls last
