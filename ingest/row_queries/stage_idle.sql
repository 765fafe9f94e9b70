-- Definition idle-1: zero activity in runs of at least 5 minutes; a gap ends a run. Each bucket
-- gives the zero time touching its start and its end; touching pieces make a run (gaps and
-- islands). Buckets are at least 5 minutes long, so one that lies wholly inside a run is idle by
-- itself: the kept buckets up to two away (of an hour at most) decide, those one away may change.
create temp table stage_idle as
with loaded as (
    select
        device_uuid, mig_instance_id, workload_key, util_scope,
        min(t_start) as first_start, max(t_start) as last_start
    from stage_interval
    group by device_uuid, mig_instance_id, workload_key, util_scope
), bucket as (
    select
        device_uuid, mig_instance_id, workload_key, util_scope, t_start, t_end,
        zero_lead_ms, zero_tail_ms, fb_used_mib_max, false as kept
    from stage_interval
    where zero_lead_ms > 0 or zero_tail_ms > 0
    union all
    select
        g.device_uuid, g.mig_instance_id, g.workload_key, g.util_scope, g.t_start, g.t_end,
        g.zero_lead_ms, g.zero_tail_ms, g.fb_used_mib_max, true
    from loaded l
    join ingest_gpuinterval g
        on g.device_uuid = l.device_uuid
        and g.mig_instance_id = l.mig_instance_id
        and g.workload_key = l.workload_key
        and g.util_scope = l.util_scope
        and g.t_start between l.first_start - interval '2 hours'
            and l.last_start + interval '2 hours'
    where g.source_id = %(source_id)s
        and g.t_start >= %(first_day)s::date::timestamp at time zone 'UTC' - interval '2 hours'
        and g.t_start < (%(last_day)s::date + 1)::timestamp at time zone 'UTC'
            + interval '2 hours'
        and (g.zero_lead_ms > 0 or g.zero_tail_ms > 0)
        and not exists (
            select from stage_interval new
            where new.device_uuid = g.device_uuid
                and new.t_start = g.t_start
                and new.mig_instance_id = g.mig_instance_id
                and new.workload_key = g.workload_key
                and new.util_scope = g.util_scope
        )
), piece as (
    select
        b.*, p.starts_at, p.ends_at, p.piece_ms
    from bucket b
    cross join lateral (
        select
            b.t_start as starts_at,
            b.t_start + b.zero_lead_ms * interval '1 millisecond' as ends_at,
            b.zero_lead_ms as piece_ms
        where b.zero_lead_ms > 0
        union all
        select b.t_end - b.zero_tail_ms * interval '1 millisecond', b.t_end, b.zero_tail_ms
        where b.zero_tail_ms > 0
            and b.t_start + b.zero_lead_ms * interval '1 millisecond' < b.t_end
    ) p
), marked as (
    select *, starts_at is distinct from lag(ends_at) over series as begins
    from piece
    window series as (
        partition by device_uuid, mig_instance_id, workload_key, util_scope order by starts_at
    )
), island as (
    select *, count(*) filter (where begins) over series as run
    from marked
    window series as (
        partition by device_uuid, mig_instance_id, workload_key, util_scope order by starts_at
    )
), judged as (
    select
        *,
        sum(piece_ms) over (
            partition by device_uuid, mig_instance_id, workload_key, util_scope, run
        ) >= %(run_ms)s as idle
    from island
), summed as (
    select
        device_uuid, mig_instance_id, workload_key, util_scope, t_start, kept,
        coalesce(sum(piece_ms) filter (where idle), 0)::integer as idle_ms,
        bool_and(fb_used_mib_max is null or fb_used_mib_max >= %(held_mib)s) as held
    from judged
    group by device_uuid, mig_instance_id, workload_key, util_scope, t_start, kept
)
select
    device_uuid, mig_instance_id, workload_key, util_scope, t_start, kept,
    case when held then idle_ms else 0 end as held_idle_ms,
    case when held then 0 else idle_ms end as empty_idle_ms
from summed
where kept or idle_ms > 0
