insert into ingest_usagetosettle (source_id, day, waits, rebuild)
select %(source_id)s, day, true, %(rebuild)s
from unnest(%(days)s::date[]) as day
on conflict (source_id, day) do update
set waits = true, rebuild = ingest_usagetosettle.rebuild or excluded.rebuild
