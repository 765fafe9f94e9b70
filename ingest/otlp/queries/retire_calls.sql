-- Calls that counted until a call below them arrived stand aside.
with gone as (
    delete from ingest_usage u
    using stage_repeat r
    join stage_node n on n.trace_id = r.trace_id and n.span_id = r.span_id and not n.is_new
    where u.source_id = %(source_id)s
        and u.event_id = replace(r.trace_id::text, '-', '') || ':'
            || lpad(to_hex(r.span_id), 16, '0')
    returning r.trace_id, r.span_id, u.time, to_jsonb(u) as call
), kept as (
    insert into ingest_usagerepeated (source_id, trace_id, span_id, time, call)
    select %(source_id)s, trace_id, span_id, time, call from gone
    on conflict do nothing
)
select distinct (time at time zone 'UTC')::date as day from gone
