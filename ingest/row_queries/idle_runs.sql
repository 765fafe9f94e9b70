-- Definition idle-1: zero activity in runs of at least 5 minutes; a gap ends a run. Each bucket
-- gives the zero time touching its start and its end; touching pieces make a run (gaps and
-- islands). Buckets are at least 5 minutes long, so a run that begins two buckets away is idle
-- by itself: an hour more on each side than what is rewritten is enough to judge.
with loaded as (
    select
        device_uuid, mig_instance_id, workload_key, util_scope,
        min(t_start) as first_start, max(t_start) as last_start
    from stage_interval
    group by device_uuid, mig_instance_id, workload_key, util_scope
), bucket as (
    select
        g.device_uuid, g.mig_instance_id, g.workload_key, g.util_scope, g.t_start, g.t_end,
        g.held_idle_ms, g.empty_idle_ms, g.zero_lead_ms, g.zero_tail_ms,
        g.fb_used_mib_max is null or g.fb_used_mib_max >= %(held_mib)s as held,
        g.t_start between l.first_start - interval '1 hour' and l.last_start + interval '1 hour'
            as rewritten
    from loaded l
    join ingest_gpuinterval g
        on g.source_id = %(source_id)s
        and g.device_uuid = l.device_uuid
        and g.mig_instance_id = l.mig_instance_id
        and g.workload_key = l.workload_key
        and g.util_scope = l.util_scope
        and g.t_start between l.first_start - interval '2 hours'
            and l.last_start + interval '2 hours'
    where g.zero_lead_ms is not null
        and (g.zero_lead_ms > 0 or g.zero_tail_ms > 0
            or g.held_idle_ms > 0 or g.empty_idle_ms > 0)
), piece as (
    select b.*, p.piece_start, p.piece_end, p.piece_ms
    from bucket b
    cross join lateral (
        select
            b.t_start as piece_start,
            b.t_start + b.zero_lead_ms * interval '1 millisecond' as piece_end,
            b.zero_lead_ms as piece_ms
        union all
        select b.t_end - b.zero_tail_ms * interval '1 millisecond', b.t_end, b.zero_tail_ms
        where b.t_start + b.zero_lead_ms * interval '1 millisecond' < b.t_end
    ) p
), island as (
    select
        *,
        sum(starts) over (
            partition by device_uuid, mig_instance_id, workload_key, util_scope
            order by piece_start, piece_end
        ) as run
    from (
        select
            *,
            case when piece_ms > 0 and piece_start = lag(piece_end) over (
                partition by device_uuid, mig_instance_id, workload_key, util_scope
                order by piece_start, piece_end
            ) then 0 else 1 end as starts
        from piece
    ) marked
), judged as (
    select
        *,
        sum(piece_ms) over (
            partition by device_uuid, mig_instance_id, workload_key, util_scope, run
        ) >= %(run_ms)s as idle
    from island
), found as (
    select
        device_uuid, mig_instance_id, workload_key, util_scope, t_start,
        coalesce(sum(piece_ms) filter (where idle and held), 0)::integer as held_idle_ms,
        coalesce(sum(piece_ms) filter (where idle and not held), 0)::integer as empty_idle_ms
    from judged
    where rewritten
    group by device_uuid, mig_instance_id, workload_key, util_scope, t_start
), changed as (
    update ingest_gpuinterval g
    set held_idle_ms = f.held_idle_ms, empty_idle_ms = f.empty_idle_ms
    from found f
    where g.source_id = %(source_id)s
        and g.device_uuid = f.device_uuid
        and g.mig_instance_id = f.mig_instance_id
        and g.workload_key = f.workload_key
        and g.util_scope = f.util_scope
        and g.t_start = f.t_start
        and (g.held_idle_ms, g.empty_idle_ms) <> (f.held_idle_ms, f.empty_idle_ms)
    returning g.t_start
)
select distinct (t_start at time zone 'UTC')::date as day
from changed
