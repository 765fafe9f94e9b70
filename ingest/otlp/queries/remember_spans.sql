insert into ingest_span (source_id, day, trace_id, span_id, parent_id, is_call, told)
select %(source_id)s, %(today)s, trace_id, span_id, parent_id, is_call, told
from stage_node
where is_new
