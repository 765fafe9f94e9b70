-- Calls that stood aside and count after all.
with back as (
    delete from ingest_usagerepeated r
    using stage_node n
    where r.source_id = %(source_id)s
        and r.trace_id = n.trace_id
        and r.span_id = n.span_id
        and not exists (
            select from stage_repeat s where s.trace_id = r.trace_id and s.span_id = r.span_id
        )
    returning r.trace_id, r.span_id, r.call
)
insert into stage_call
select (jsonb_populate_record(
    null::stage_call,
    call || jsonb_build_object(
        'trace_id', trace_id, 'span_id', span_id, 'is_call', true, 'told', true, 'service', ''
    )
)).*
from back
