insert into ingest_changedday (source_id, day, what, at)
select %(source_id)s, day, %(what)s, now()
from unnest(%(days)s::date[]) as day
