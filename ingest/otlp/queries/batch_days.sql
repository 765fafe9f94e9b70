select min(first_day), max(last_day), count(*)
from ingest_otlpbatch
where source_id = %(source_id)s
