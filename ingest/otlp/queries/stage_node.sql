-- Every span known of the traces that the batch touches: the new ones, and those seen before.
create temp table stage_node on commit drop as
with new as (
    select trace_id, span_id, parent_id, is_call, told from stage_call
    union
    select trace_id, span_id, parent_id, false, false from stage_link
), seen as (
    select distinct s.trace_id, s.span_id, s.parent_id, s.is_call, s.told
    from ingest_span s
    where s.source_id = %(source_id)s
        and s.trace_id in (select trace_id from new)
)
select
    trace_id, span_id, min(parent_id) as parent_id, bool_or(is_call) as is_call,
    bool_or(told) as told, bool_and(is_new) as is_new
from (
    select *, true as is_new from new
    union all
    select *, false from seen
) known
group by trace_id, span_id
