-- The service itself in one row.
select
    pg_database_size(current_database()) as database_bytes,
    (select coalesce(sum(rows), 0) from ingest_otlpbatch) as otlp_waiting,
    (select count(*) from notify_send where state in ('queued', 'sending')) as outbox_waiting,
    (select count(*) from notify_send where state = 'failed') as outbox_dead,
    (select count(*) from notify_send where state = 'unknown') as outbox_unknown
