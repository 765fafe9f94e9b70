-- The dearest stretches of whole hours, UTC, in which no GPU of a node did anything: telemetry saw
-- idle time in each hour and no activity. Of the nodes with most idle money, since a node with
-- little has no dear stretch. An hour that telemetry does not tell ends a stretch.
with worst as (
    select g.resource_id, g.currency, max(g.instance_type) as instance_type,
        sum(case %(basis)s when 'billed' then g.billed_cost else g.effective_cost end) as cost,
        sum(g.gpu_ms) as ms
    from attribution_gpuday g
    join attribution_target t on t.id = g.target_id
    where g.day >= %(start)s and g.day < %(end)s and t.kind = 'idle' and g.gpu_ms > 0
        and (%(f_resource)s::text[] is null or g.resource_id = any(%(f_resource)s))
        and (%(f_instance_type)s::text[] is null or g.instance_type = any(%(f_instance_type)s))
        and (%(f_source)s::text[] is null
            or g.source_id in (select id from ingest_source where name = any(%(f_source)s)))
    group by 1, 2
    order by cost desc, 1
    limit %(nodes_max)s
),
part as materialized (
    select g.id, g.resource_id, g.currency, g.day, g.hours_ms, t.kind, t.workload,
        case %(basis)s when 'billed' then g.billed_cost else g.effective_cost end as cost
    from attribution_gpuday g
    join worst w using (resource_id, currency)
    join attribution_target t on t.id = g.target_id
    where g.day >= %(start)s and g.day < %(end)s and g.hours_ms is not null
        and t.kind in ('idle', 'workload')
),
hour as (
    select p.resource_id, p.currency, (p.day - %(start)s::date) * 24 + h.nth::int - 1 as hour,
        sum(h.ms) as idle_ms
    from part p
    cross join lateral unnest(p.hours_ms) with ordinality h (ms, nth)
    where h.ms > 0
    group by 1, 2, 3
    having bool_and(p.kind = 'idle')
),
stretch as (
    select resource_id, currency, min(hour) as first, max(hour) as last, count(*)::int as hours,
        sum(idle_ms)::bigint as idle_ms
    from (
        select *, hour - row_number() over (
            partition by resource_id, currency order by hour) as island
        from hour
    ) h
    group by resource_id, currency, island
    having count(*) >= %(hours_min)s
),
chosen as (
    -- By the average price of the node's idle time; what each cost exactly is summed for these.
    select s.*, w.instance_type
    from stretch s
    join worst w using (resource_id, currency)
    order by s.idle_ms * w.cost / w.ms desc, s.resource_id, s.first
    limit %(rows_max)s
),
money as (
    select c.resource_id, c.currency, c.first,
        sum(aicost_part(p.cost, h.upto, h.ms, h.total)) as cost,
        string_agg(distinct nullif(p.workload, ''), ', ' order by nullif(p.workload, ''))
            as held_by
    from chosen c
    join part p on p.resource_id = c.resource_id and p.currency = c.currency
        and p.day between %(start)s::date + c.first / 24 and %(start)s::date + c.last / 24
    cross join lateral (
        select u.ms, u.nth, sum(u.ms) over (order by u.nth rows unbounded preceding) as upto,
            sum(u.ms) over () as total
        from unnest(p.hours_ms) with ordinality u (ms, nth)
    ) h
    where h.ms > 0
        and (p.day - %(start)s::date) * 24 + h.nth - 1 between c.first and c.last
    group by 1, 2, 3
),
timed as (
    select c.*, m.cost, m.held_by,
        (%(start)s::date + make_interval(hours => c.first)) at time zone 'utc' as started_at,
        (%(start)s::date + make_interval(hours => c.last + 1)) at time zone 'utc' as ended_at
    from chosen c
    join money m using (resource_id, currency, first)
)
select s.resource_id as resource, coalesce(n.node, '') as node, s.instance_type, s.started_at,
    s.ended_at, s.hours, s.idle_ms, s.currency, s.cost as idle_cost,
    coalesce(s.held_by, '') as held_by
from timed s
left join lateral (
    select min(m.node) as node from ingest_resourcemap m
    where m.resource_id = s.resource_id
        and (m.valid_from is null or m.valid_from <= (s.started_at at time zone 'utc')::date)
        and (m.valid_to is null or m.valid_to > (s.started_at at time zone 'utc')::date)
) n on true
order by s.cost desc, s.resource_id, s.started_at
