insert into ingest_quarantined (delivery_id, file_id, line, reason, raw)
select %(delivery_id)s, %(file_id)s, line, reason, raw
from stage_quarantined s
where not exists (
    select from ingest_quarantined q
    where q.delivery_id = %(delivery_id)s
        and q.line = s.line
        and q.reason = s.reason
        and q.replayed_at is null
)
