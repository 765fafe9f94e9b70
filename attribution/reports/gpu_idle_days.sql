-- Per node the days on which it did nothing at all: billed, seen the whole day, never active. What
-- such a day cost is what the node off would not have cost; a gap in telemetry is no such day.
with day as (
    select g.source_id, g.resource_id, g.currency, g.day, max(g.instance_type) as instance_type,
        extract(isodow from g.day) >= 6 as weekend,
        sum(case %(basis)s when 'billed' then g.billed_cost else g.effective_cost end) as cost,
        bool_and(t.kind = 'idle' or g.gpu_ms = 0) and sum(g.gpu_ms) > 0 as idle
    from attribution_gpuday g
    join attribution_target t on t.id = g.target_id
    where g.day >= %(start)s and g.day < %(end)s
        and (%(f_resource)s::text[] is null or g.resource_id = any(%(f_resource)s))
        and (%(f_instance_type)s::text[] is null or g.instance_type = any(%(f_instance_type)s))
        and (%(f_source)s::text[] is null
            or g.source_id in (select id from ingest_source where name = any(%(f_source)s)))
    group by 1, 2, 3, 4
)
select d.resource_id as resource, coalesce(n.node, '') as node,
    max(d.instance_type) as instance_type, d.currency, count(*)::int as days,
    (count(*) filter (where d.weekend))::int as weekend_days,
    (count(*) filter (where d.idle))::int as idle_days,
    (count(*) filter (where d.idle and d.weekend))::int as idle_weekend_days,
    sum(d.cost) as cost, coalesce(sum(d.cost) filter (where d.idle), 0) as idle_days_cost,
    coalesce(sum(d.cost) filter (where d.idle and d.weekend), 0) as idle_weekends_cost
from day d
left join lateral (
    select min(m.node) as node from ingest_resourcemap m
    where m.resource_id = d.resource_id
        and (m.valid_from is null or m.valid_from <= d.day)
        and (m.valid_to is null or m.valid_to > d.day)
) n on true
group by 1, 2, d.currency
order by idle_days_cost desc, 1, 2
