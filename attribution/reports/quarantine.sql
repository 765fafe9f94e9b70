-- Rows that wait in quarantine, by source, file and reason, whatever the period.
select
    s.name as source, l.name as delivery, f.name as file, q.reason, count(*) as rows,
    min(q.line) as first_line, max(l.loaded_at) as loaded_at
from ingest_quarantined q
join ingest_delivery l on l.id = q.delivery_id
join ingest_source s on s.id = l.source_id
join ingest_sourcefile f on f.id = q.file_id
where q.replayed_at is null and l.state <> 'superseded'
    and (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
group by 1, 2, 3, 4
order by rows desc, source, file, reason
