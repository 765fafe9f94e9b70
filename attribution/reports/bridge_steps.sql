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
    -- Of each target its leaf, and what the question calls that leaf.
    select
        *, dense_rank() over (order by kind, feature, model, experiment, activity) as leaf,
        dense_rank() over (
            order by kind, case when 'feature' = any(%(groups)s) then feature end,
                case when 'model' = any(%(groups)s) then model end,
                case when 'experiment' = any(%(groups)s) then experiment end,
                case when 'activity' = any(%(groups)s) then activity end) as label
    from leaf
),
called as materialized (
    select distinct on (leaf)
        leaf, label, kind, feature, model, experiment, activity,
        kind = 'workload' and (feature, model, experiment, activity) in (
            select o ->> 0, o ->> 1, o ->> 2, o ->> 3
            from jsonb_array_elements(%(leaves)s::jsonb) o) as measured
    from numbered
    order by leaf
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
    select n.leaf, c.currency, c.credited, s.nth, sum(c.cost) as cost
    from stands c
    join numbered n on n.id = c.target_id
    join step s on s.first = (
        date_trunc(%(granularity)s, c.day - %(shift)s::interval) + %(shift)s::interval)::date
    group by 1, 2, 3, 4
),
around as (
    select
        *, lag(nth) over one as nth_before, lag(cost) over one as cost_before,
        lead(nth) over one as nth_after
    from placed
    window one as (partition by leaf, currency, credited order by nth)
),
paired as (
    select
        leaf, currency, credited, nth, cost, true as stands, nth_before = nth - 1 as was,
        case when nth_before = nth - 1 then cost_before else 0 end as before
    from around
    where nth > 1
    union all
    select leaf, currency, credited, nth + 1, 0, false, true, cost
    from around
    where nth_after is distinct from nth + 1 and nth < cardinality(%(steps)s::date[])
),
told as (
    select
        p.nth, p.currency, p.stands, p.was, p.before, p.cost, e.effect,
        case
            when l.measured and not p.credited or %(turns)s and e.effect in ('new', 'gone')
            then l.leaf
            else -l.label
        end as called,
        case
            when e.effect = 'idle' and p.before <> 0 and p.cost <> 0
            then 1000000000000000000 * (s.days - s.days_before)
                * (p.before * s.days + p.cost * s.days_before)
            else 0
        end as quanta,
        2 * s.days * s.days_before as parts
    from paired p
    join called l using (leaf)
    join step s using (nth)
    cross join lateral (
        select case
            when p.credited then 'credits'
            when l.kind = 'idle' then 'idle'
            when l.kind <> 'workload' then 'unmetered'
            when p.before = 0 then 'new'
            when p.cost = 0 then 'gone'
            else 'unmetered'
        end as effect
    ) e
),
summed as (
    -- What more days cost, half to even: quanta / parts, in quanta of the ledger.
    select
        nth, called, currency, effect, bool_or(was) as was, bool_or(stands) as stands,
        sum(before) as previous, sum(cost) as cost,
        sum(case when quanta = 0 then 0 else sign(quanta) * 0.000000000000000001 * (
            div(abs(quanta), parts) + case
                when mod(abs(quanta), parts) * 2 > parts then 1
                when mod(abs(quanta), parts) * 2 = parts then mod(div(abs(quanta), parts), 2)
                else 0
            end) end) as days
    from told
    group by 1, 2, 3, 4
)
select
    t.nth, t.currency, t.effect, t.was, t.stands, t.previous, t.cost, t.days,
    l.measured and t.effect <> 'credits' and t.called > 0 as measured, l.kind, l.feature, l.model,
    l.experiment, l.activity
from summed t
join (
    select leaf as called, measured, kind, feature, model, experiment, activity from called
    union all
    select distinct on (label)
        -label, false, kind, case when 'feature' = any(%(groups)s) then feature else '' end,
        case when 'model' = any(%(groups)s) then model else '' end,
        case when 'experiment' = any(%(groups)s) then experiment else '' end,
        case when 'activity' = any(%(groups)s) then activity else '' end
    from called
) l using (called)
