insert into ingest_quarantined (delivery_id, file_id, line, reason, raw)
select %(delivery_id)s, %(file_id)s, line, reason, raw
from stage_quarantined
