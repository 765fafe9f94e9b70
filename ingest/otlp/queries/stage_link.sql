create temp table stage_link (
    trace_id uuid not null,
    span_id bigint not null,
    parent_id bigint
) on commit drop
