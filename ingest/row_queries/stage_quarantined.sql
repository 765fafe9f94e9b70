create temp table stage_quarantined as
select line, reason, raw
from ingest_quarantined
limit 0
