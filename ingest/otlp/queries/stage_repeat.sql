-- Calls that repeat others of their trace. Of a call and the calls below it, the lowest that tell
-- tokens count: a call with such a call below it repeats it, and so does one without tokens above
-- any call. A call without tokens below one that counts is that one's request seen again.
create temp table stage_repeat on commit drop as
with recursive up as (
    select trace_id, span_id as below, parent_id as above, 1 as levels
    from stage_node
    where is_call and parent_id is not null
    union all
    select up.trace_id, up.below, node.parent_id, up.levels + 1
    from up
    join stage_node node on node.trace_id = up.trace_id and node.span_id = up.above
    where node.parent_id is not null and up.levels < %(levels_max)s
), pair as (
    select distinct
        up.trace_id, up.below, up.above, low.told as below_told, high.told as above_told
    from up
    join stage_node high
        on high.trace_id = up.trace_id and high.span_id = up.above and high.is_call
    join stage_node low on low.trace_id = up.trace_id and low.span_id = up.below
    where up.below <> up.above
), wrapper as (
    select distinct trace_id, above as span_id from pair where below_told or not above_told
)
select trace_id, span_id from wrapper
union
select p.trace_id, p.below
from pair p
where not p.below_told
    and not exists (
        select from wrapper w where w.trace_id = p.trace_id and w.span_id = p.above
    )
