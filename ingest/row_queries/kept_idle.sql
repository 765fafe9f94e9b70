-- Buckets next to the new ones, which may have gained or lost a run.
with changed as (
    update ingest_gpuinterval g
    set held_idle_ms = i.held_idle_ms, empty_idle_ms = i.empty_idle_ms
    from stage_idle i
    where i.kept
        and g.source_id = %(source_id)s
        and g.t_start >= %(first_day)s::date::timestamp at time zone 'UTC' - interval '2 hours'
        and g.t_start < (%(last_day)s::date + 1)::timestamp at time zone 'UTC'
            + interval '2 hours'
        and g.device_uuid = i.device_uuid
        and g.mig_instance_id = i.mig_instance_id
        and g.workload_key = i.workload_key
        and g.util_scope = i.util_scope
        and g.t_start = i.t_start
        and g.zero_lead_ms is not null
        and (g.held_idle_ms, g.empty_idle_ms) <> (i.held_idle_ms, i.empty_idle_ms)
    returning g.t_start
)
select distinct (t_start at time zone 'UTC')::date as day
from changed
