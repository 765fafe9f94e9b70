-- Up to which day each bill is final, as report freshness says it; one row a source.
create or replace view bi_finality as
select q.source_id, max(q.through) as through, max(q.final_through) as final_through
from (
    select
        s.id as source_id, r.through,
        case when r.through is not null then least(
            r.through,
            coalesce((s.state ->> 'final_through')::date,
                (now() at time zone 'UTC')::date - s.final_after_days)
        ) end as final_through
    from ingest_source s
    cross join lateral (
        select max(c.day) as through from ingest_charge c
        where c.source_id = s.id and c.long_period_end is null
    ) r
    where s.kind = 'bill'
) q
group by 1
