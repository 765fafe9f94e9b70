-- Resources that the map knows for days of the period on which no bill charges them: with telemetry
-- of days that the bills have reached, or never on any bill. One that has neither is retired.
with mapped as (
    select
        m.resource_id, m.node, m.cluster, greatest(m.valid_from, %(start)s::date) as first_day,
        least(m.valid_to, %(end)s::date) as end_day
    from ingest_resourcemap m
    where (m.valid_from is null or m.valid_from < %(end)s)
        and (m.valid_to is null or m.valid_to > %(start)s)
),
uncharged as materialized (
    select m.* from mapped m
    where not exists (
        select from ingest_chargeseries h
        join ingest_charge c on c.series_id = h.id
        where h.resource_id = m.resource_id and c.day >= m.first_day and c.day < m.end_day
            and c.day >= %(start)s and c.day < %(end)s
    )
),
reach as materialized (
    select max(day) + 1 as end_day from ingest_charge where long_period_end is null
),
seen as (
    select u.resource_id, u.node, t.*
    from uncharged u
    cross join reach r
    cross join lateral (
        select
            sum(i.observed_ms) as gpu_ms, min(i.t_start at time zone 'utc')::date as first_day,
            max(i.t_start at time zone 'utc')::date as last_day
        from ingest_gpuinterval i
        where i.node = u.node and u.cluster in ('', i.cluster) and i.workload_key = ''
            and i.t_start >= %(start)s::timestamp at time zone 'utc'
            and i.t_start < %(end)s::timestamp at time zone 'utc'
            and (i.t_start at time zone 'utc')::date >= u.first_day
            and (i.t_start at time zone 'utc')::date < least(u.end_day, r.end_day)
    ) t
)
select
    s.resource_id as name, string_agg(distinct s.node, ', ' order by s.node) as detail,
    sum(s.gpu_ms) as gpu_ms, min(s.first_day) as first_day, max(s.last_day) as last_day
from seen s
where s.gpu_ms is not null
    or not exists (select from ingest_chargeseries h where h.resource_id = s.resource_id)
group by 1
order by gpu_ms desc nulls last, 1
