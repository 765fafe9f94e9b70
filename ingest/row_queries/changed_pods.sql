-- Days on which the hours of the staged nodes stand otherwise than they are told now.
with standing as (
    select hour, cluster, node, namespace, pod, observed_ms, cpu_requested_ms, cpu_used_ms,
    cpu_capacity_ms, memory_requested_ms,
    memory_used_ms, memory_capacity_ms
    from ingest_podhour
    where source_id = %(source_id)s
        and hour >= %(first_day)s::date::timestamp at time zone 'UTC'
        and hour < (%(last_day)s::date + 1)::timestamp at time zone 'UTC'
        and (cluster, node, hour) in (select cluster, node, hour from stage_pod)
), differing as (
    (select * from stage_pod except select * from standing)
    union all
    (select * from standing except select * from stage_pod)
)
select distinct (hour at time zone 'UTC')::date as day from differing
