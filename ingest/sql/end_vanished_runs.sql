-- A run holds the advisory lock of its source from before its row to after its last word.
update ingest_sourcerun r
set state = 'failed',
    message = %(message)s,
    finished_at = clock_timestamp()
where state = 'running'
  and not exists (
      select from pg_locks
      where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())
        and classid = %(space)s::oid
        and objid = r.source_id::oid
        and objsubid = 2
  )
