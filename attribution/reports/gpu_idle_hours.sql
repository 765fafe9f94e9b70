-- Idle money of GPU time by weekday (1 is Monday) and hour, UTC. One resource is split here, as the
-- hours of its rows weigh; the fleet reads the rollup, whose hours were split alike.
with one as (
    select g.day, case when s.total > 0 then h.nth - 1 end as hour, g.target_id, g.source_id,
        g.currency, h.ms as gpu_ms,
        case %(basis)s when 'billed' then g.billed_cost else g.effective_cost end as cost,
        sum(h.ms) over (partition by g.id order by h.nth rows unbounded preceding) as upto,
        sum(h.ms) over (partition by g.id) as total
    from attribution_gpuday g
    join attribution_target t on t.id = g.target_id and t.kind = 'idle'
    cross join lateral (select coalesce(sum(ms), 0) as total from unnest(g.hours_ms) ms) s
    cross join lateral unnest(case when s.total > 0 then g.hours_ms else array[g.gpu_ms] end)
        with ordinality h (ms, nth)
    where g.day >= %(start)s and g.day < %(end)s
        and (%(f_resource)s::text[] is not null or %(f_instance_type)s::text[] is not null)
        and (%(f_resource)s::text[] is null or g.resource_id = any(%(f_resource)s))
        and (%(f_instance_type)s::text[] is null or g.instance_type = any(%(f_instance_type)s))
),
part as (
    select day, hour::int, target_id, source_id, currency, gpu_ms,
        case when total > 0 then aicost_part(cost, upto, gpu_ms, total) else cost end as cost
    from one
    where gpu_ms > 0 or hour is null
    union all
    select day, hour, target_id, source_id, currency, gpu_ms,
        case %(basis)s when 'billed' then billed_cost else effective_cost end
    from attribution_gpuhour
    where day >= %(start)s and day < %(end)s
        and %(f_resource)s::text[] is null and %(f_instance_type)s::text[] is null
)
select
    extract(isodow from p.day)::int as weekday, p.hour, p.currency,
    sum(p.gpu_ms)::bigint as idle_ms,
    sum(p.cost) as idle_cost,
    coalesce(sum(p.cost) filter (where t.state = 'held_idle'), 0) as held_idle_cost,
    coalesce(sum(p.cost) filter (where t.state = 'empty_idle'), 0) as empty_idle_cost,
    coalesce(sum(p.cost) filter (where t.state = 'unreserved'), 0) as unreserved_cost
from part p
join attribution_target t on t.id = p.target_id
where (%(teams)s::text[] is null or t.team = any(%(teams)s))
    and (%(f_source)s::text[] is null
        or p.source_id in (select id from ingest_source where name = any(%(f_source)s)))
    and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
    and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
    and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
    and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
    and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
    and (%(f_environment)s::text[] is null or t.environment = any(%(f_environment)s))
    and (%(f_activity)s::text[] is null or t.activity = any(%(f_activity)s))
group by 1, 2, 3
order by 3, 1, 2 nulls last
