-- Rows of this delivery that were bad and are not any more.
update ingest_quarantined q
set replayed_at = now()
where q.delivery_id = %(delivery_id)s
    and q.replayed_at is null
    and not exists (
        select from stage_quarantined s where s.line = q.line and s.reason = q.reason
    )
