create or replace view reporting_v1.data_freshness as
select
    s.id as source_id,
    s.name as source,
    s.kind,
    case when s.kind = 'bill' then f.through else l.through end as data_through,
    f.final_through,
    l.loaded_at,
    y.published_at as updated_at
from ingest_source s
left join bi_finality f on f.source_id = s.id
left join lateral (
    select max(d.last_day) as through, max(d.loaded_at) as loaded_at
    from ingest_delivery d where d.source_id = s.id and d.state <> 'held'
) l on true
left join lateral (
    select max(d.published_at) as published_at
    from attribution_daystate d where d.source_id = s.id
) y on true
