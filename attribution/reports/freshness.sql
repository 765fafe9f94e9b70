-- Per source: how far its data reaches, up to where it is final, when it was last loaded, how many
-- of its days wait for attribution, and whether the period has money of it. A charge longer than a
-- day does not say how far a bill reaches. Who sees only some teams is told the names of bills that
-- ever had money of theirs (is_theirs), and of all that is measured.
select
    s.name as source, s.kind, r.through,
    case when s.kind = 'bill' and r.through is not null
        then least(r.through, coalesce((s.state ->> 'final_through')::date,
            %(today)s::date - s.final_after_days))
    end as final_through,
    d.loaded_at, w.dirty_days, w.failed_days, w.dirty_in_period, w.waiting_since,
    coalesce((
        select max(b.day) from ingest_billday b
        where b.source_id = s.id and b.day >= %(start)s and b.day < %(end)s
    ), (
        select max(c.day) from attribution_costsum c
        where c.grain = 'service' and c.source_id = s.id
            and c.day >= %(start)s and c.day < %(end)s
    )) is not null as stands_in_period,
    s.kind <> 'bill' or %(teams)s::text[] is null or exists (
        select from attribution_target t
        join attribution_costsum c on c.target_id = t.id
        where t.team = any(%(teams)s) and c.grain = 'target' and c.source_id = s.id
    ) as is_theirs
from ingest_source s
left join lateral (
    select case
        when s.kind = 'bill' then (
            select max(c.day) from ingest_charge c
            where c.source_id = s.id and c.long_period_end is null
        )
        else (
            select max(l.last_day) from ingest_delivery l
            where l.source_id = s.id and l.state <> 'held'
        )
    end as through
) r on true
left join lateral (
    select max(l.loaded_at) as loaded_at from ingest_delivery l
    where l.source_id = s.id and l.state <> 'held'
) d on true
left join lateral (
    select
        count(*) filter (where y.dirty_version > y.published_version) as dirty_days,
        count(*) filter (where y.failure <> '') as failed_days,
        count(*) filter (
            where y.dirty_version > y.published_version and y.day >= %(start)s and y.day < %(end)s
        ) as dirty_in_period,
        min(y.day) filter (where y.dirty_version > y.published_version) as waiting_since
    from attribution_daystate y
    where y.source_id = s.id
) w on true
order by array_position(array['bill', 'telemetry', 'usage', 'business', 'map'], s.kind), s.name
