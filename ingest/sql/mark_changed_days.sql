insert into ingest_changedday (source_id, day, what, at)
select distinct %(source)s::bigint, day, 'charges', now()
from charge_change
returning day
