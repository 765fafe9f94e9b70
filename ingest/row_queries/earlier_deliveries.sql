-- Deliveries of the same source that hold an earlier file of this name, and this one, which may be
-- a replay.
select distinct d.id
from ingest_delivery d
join ingest_delivery_files df on df.delivery_id = d.id
join ingest_sourcefile f on f.id = df.sourcefile_id
where d.source_id = %(source_id)s and f.name = %(name)s and d.id <= %(delivery_id)s
