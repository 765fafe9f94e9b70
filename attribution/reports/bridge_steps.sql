-- Report bridge, step by step: what each leaf cost in a step and in the one before. A leaf that has
-- calls or GPU hours (`measured`) stands on a row of its own, for its price is told apart from its
-- quantity (attribution/drivers.py); the change of all others is one effect as a whole, so these
-- are summed over the names that are asked for. Credits are leaves of their own.
with step as (
    select s.nth, s.first, s.days, lag(s.days) over (order by s.nth) as days_before
    from unnest(%(steps)s::date[], %(lengths)s::int[]) with ordinality s (first, days, nth)
),
leaf as materialized (
    select
        id, kind, feature, model, experiment,
        case
            when kind = 'workload' or concat(workload, model, feature, experiment, team) <> ''
            then activity
            else ''
        end as activity
    from attribution_target
    where %(teams)s::text[] is null or team = any(%(teams)s)
),
numbered as materialized (
    select id, dense_rank() over (order by kind, feature, model, experiment, activity) as leaf
    from leaf
),
called as materialized (
    select distinct on (n.leaf)
        n.leaf, l.kind, l.feature, l.model, l.experiment, l.activity,
        l.kind = 'workload' and (l.feature, l.model, l.experiment, l.activity) in (
            select o ->> 0, o ->> 1, o ->> 2, o ->> 3
            from jsonb_array_elements(%(leaves)s::jsonb) o) as measured
    from numbered n
    join leaf l using (id)
    order by n.leaf
),
stands as (
    select day, target_id, currency, false as credited,
        case %(basis)s when 'billed' then billed_cost else effective_cost end as cost
    from aicost_cost(%(start)s, %(end)s, 'target', %(step)s, '{}')
    union all
    select c.day, c.target_id, c.currency, k.credited,
        k.sign * case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end
    from aicost_cost(%(start)s, %(end)s, 'all', %(step)s, '{}') c
    cross join (values (true, 1), (false, -1)) k (credited, sign)
    where %(credits)s and c.charge_category = 'Credit'
),
placed as (
    select
        s.nth, n.leaf, c.currency, c.credited, sum(c.cost) as cost
    from stands c
    join numbered n on n.id = c.target_id
    join step s on s.first = (
        date_trunc(%(granularity)s, c.day - %(shift)s::interval) + %(shift)s::interval)::date
    group by 1, 2, 3, 4
),
paired as (
    select
        p.nth + b.later as nth, p.leaf, p.currency, p.credited,
        coalesce(sum(p.cost) filter (where b.later = 1), 0) as before,
        coalesce(sum(p.cost) filter (where b.later = 0), 0) as cost,
        bool_or(b.later = 1) as was, bool_or(b.later = 0) as stands
    from placed p
    cross join (values (0), (1)) b (later)
    where p.nth + b.later between 2 and cardinality(%(steps)s::date[])
    group by 1, 2, 3, 4
),
told as (
    select
        p.*, l.kind, l.activity, l.measured and not p.credited as measured, l.feature, l.model,
        l.experiment,
        case
            when p.credited then 'credits'
            when l.kind = 'idle' then 'idle'
            when l.kind <> 'workload' then 'unmetered'
            when p.before = 0 then 'new'
            when p.cost = 0 then 'gone'
            else 'unmetered'
        end as effect,
        case
            when l.kind = 'idle' and not p.credited and p.before <> 0 and p.cost <> 0
            then 1000000000000000000 * (s.days - s.days_before)
                * (p.before * s.days + p.cost * s.days_before)
            else 0
        end as quanta,
        2 * s.days * s.days_before as parts
    from paired p
    join called l using (leaf)
    join step s using (nth)
),
-- What more days cost, half to even: quanta / parts, in quanta of the ledger.
dated as (
    select *, case when quanta = 0 then 0 else sign(quanta) * 0.000000000000000001 * (
        div(abs(quanta), parts) + case
            when mod(abs(quanta), parts) * 2 > parts then 1
            when mod(abs(quanta), parts) * 2 = parts then mod(div(abs(quanta), parts), 2)
            else 0
        end) end as of_days
    from told
)
select
    nth, kind, currency, measured,
    case when measured or 'feature' = any(%(groups)s) then feature else '' end as feature,
    case when measured or 'model' = any(%(groups)s) then model else '' end as model,
    case when measured or 'experiment' = any(%(groups)s) then experiment else '' end as experiment,
    case when measured or 'activity' = any(%(groups)s) then activity else '' end as activity,
    case when not measured and 'begun_or_ended' = any(%(groups)s) and effect in ('new', 'gone')
        then coalesce(nullif(experiment, ''), model) else '' end as begun_or_ended,
    bool_or(was) as was, bool_or(stands) as stands,
    sum(before) as previous, sum(cost) as cost, sum(of_days) as days,
    coalesce(sum(cost - before) filter (where effect = 'new'), 0) as new,
    coalesce(sum(cost - before) filter (where effect = 'gone'), 0) as gone,
    coalesce(sum(cost - before - of_days) filter (where effect = 'idle'), 0) as idle,
    coalesce(sum(cost - before) filter (where effect = 'unmetered'), 0) as unmetered,
    coalesce(sum(cost - before) filter (where effect = 'credits'), 0) as credits
from dated
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
