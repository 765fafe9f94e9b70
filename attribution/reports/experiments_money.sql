-- What each experiment cost up to the end of the period, by bill source: in all, in the period, in
-- the last days, and when it was last used. The last days are read by day, what lies before them by
-- month: of that a month's first day stands for the month. Experiments are few among targets, so
-- their sums are read one by one, those of the pieces that count.
with target as (
    select id, experiment, team, kind
    from attribution_target
    where experiment <> '' and (%(teams)s::text[] is null or team = any(%(teams)s))
        and (%(f_experiment)s::text[] is null or experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or team = any(%(f_team)s))
),
first as (
    select coalesce(min(day), %(end)s) as day from attribution_daystate
),
piece as materialized (
    select * from aicost_pieces(least((select day from first), %(near)s), %(near)s,
                                'target', 'month', '{}')
    union all
    select * from aicost_pieces(%(near)s, %(end)s, 'target', 'day', '{}')
),
through as (
    select source_id, max(day) as day from attribution_daystate
    where day < %(end)s and published_version > 0
    group by 1
),
cost as (
    select
        t.experiment, t.team, p.source_id, p.currency, p.day, t.kind,
        sum(case %(basis)s when 'billed' then p.billed_cost else p.effective_cost end) as cost
    from target t
    join attribution_costsum p on p.target_id = t.id
    join piece on piece.grain = p.grain and piece.source_id = p.source_id and piece.first = p.day
    group by 1, 2, 3, 4, 5, 6
)
select
    c.experiment, c.team, c.source_id, c.currency, sum(c.cost) as cost,
    coalesce(sum(c.cost) filter (where c.kind = 'idle'), 0) as idle_cost,
    coalesce(sum(c.cost) filter (where c.day > g.day - %(week)s), 0) as week_cost,
    min(c.day) filter (where c.cost <> 0) as first_day,
    max(c.day) filter (where c.cost > 0) as last_cost,
    max(c.day) filter (where c.kind = 'workload' and c.cost > 0) as last_used, g.day as through,
    exists (
        select from attribution_target o
        where o.experiment = c.experiment
            and (o.team <> all(%(teams)s) or o.team <> all(%(f_team)s))
    ) as others_pay
from cost c
join through g using (source_id)
group by c.experiment, c.team, c.source_id, c.currency, g.day
