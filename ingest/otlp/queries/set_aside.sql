-- New calls that repeat others do not count, but may come to.
with aside as (
    delete from stage_call s
    using stage_repeat r
    where s.trace_id = r.trace_id and s.span_id = r.span_id
    returning s.trace_id, s.span_id, s.time, to_jsonb(s) as call
)
insert into ingest_usagerepeated (source_id, trace_id, span_id, time, call)
select %(source_id)s, trace_id, span_id, time, call
from aside
on conflict do nothing
