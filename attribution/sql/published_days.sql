-- The days that stand in the ledger: which publication of each source a day shows, and whether it
-- is about to be made anew (a day that failed is not: it shows what was published last).
select
    y.day, jsonb_object_agg(s.name, y.published_version) filter (where y.published_version > 0)
        as versions,
    bool_or(y.dirty_version > y.published_version and y.failure = '') as waits
from attribution_daystate y
join ingest_source s on s.id = y.source_id
where (%(start)s::date is null or y.day >= %(start)s) and (%(end)s::date is null or y.day < %(end)s)
group by y.day
having bool_or(y.published_version > 0)
order by y.day
