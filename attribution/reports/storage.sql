-- What lay in storage on the last snapshot of each source and bucket within the period, and what
-- the bucket was charged for its bytes in the period: by bytes, of the class a charge names where
-- the snapshot knows it. A bucket that two sources tell of has its money on the older one.
with latest as (
    select source_id, bucket, max(day) as day
    from ingest_storageage
    where day >= %(start)s and day < %(end)s
    group by source_id, bucket
),
place as (
    select
        row_number() over (order by a.source_id, a.provider, a.bucket, a.prefix, a.storage_class,
            a.version, a.age_days_min nulls first, a.idle_days_min nulls first) as nth,
        a.source_id, a.provider, a.bucket, a.prefix, a.storage_class, a.version, a.day,
        a.age_days_min, a.idle_days_min, sum(a.objects)::bigint as objects,
        case when count(a.bytes) = count(*) then sum(a.bytes)::bigint end as bytes,
        sum(a.bytes) as known_bytes,
        a.source_id = min(a.source_id) over (partition by a.bucket) as has_money
    from ingest_storageage a
    join latest l on l.source_id = a.source_id and l.bucket = a.bucket and l.day = a.day
    group by a.source_id, a.provider, a.bucket, a.prefix, a.storage_class, a.version, a.day,
        a.age_days_min, a.idle_days_min
),
money as (
    select
        k.bucket, k.storage_class, s.billing_currency as currency,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as cost
    from ingest_charge c
    join ingest_chargeseries s on s.id = c.series_id
    join attribution_daystate d on d.source_id = c.source_id and d.day = c.day
    join attribution_seriesclaim k on k.rule_set_id = d.rule_set_id and k.series_id = c.series_id
    where c.day >= %(start)s and c.day < %(end)s
        and k.bucket in (select bucket from latest) and k.bucket <> ''
    group by 1, 2, 3
),
weighed as (
    select
        p.nth, m.currency, m.cost, p.known_bytes as weight,
        sum(p.known_bytes) over (partition by m.bucket, m.storage_class, m.currency) as total,
        sum(p.known_bytes) over (partition by m.bucket, m.storage_class, m.currency
            order by p.nth rows unbounded preceding) as upto
    from money m
    join place p on p.bucket = m.bucket and p.has_money and p.known_bytes > 0
        and (p.storage_class = m.storage_class or not exists (
            select from place o
            where o.bucket = m.bucket and o.has_money and o.known_bytes > 0
                and o.storage_class = m.storage_class))
),
paid as (
    select nth, currency, sum(aicost_part(cost, upto, weight, total)) as cost
    from weighed
    group by 1, 2
)
select
    s.name as source, p.provider, p.bucket, p.prefix, p.storage_class, p.version, p.day,
    p.age_days_min, p.idle_days_min, p.objects, p.bytes, d.cost,
    coalesce(d.currency, '') as currency
from place p
join ingest_source s on s.id = p.source_id
left join paid d using (nth)
where %(f_source)s::text[] is null or s.name = any(%(f_source)s)
order by p.bytes desc nulls last, s.name, p.bucket, p.prefix, p.storage_class, p.version,
    p.age_days_min desc nulls last, p.idle_days_min desc nulls last, d.currency
