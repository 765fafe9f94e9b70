-- All training up to the end of each period, written off in a straight line by days over the
-- serving life of its model: from the day it went into service, what is spent in a later month
-- from the first day of the month after it. The parts of all days sum to what was spent.
-- What trains is few among targets, so its sums are found by target.
with piece as materialized (
    select * from aicost_pieces(%(since)s, %(end)s, 'target', 'month', '{}')
),
spent as (
    select
        date_trunc('month', c.day::timestamp)::date as month, t.model, t.experiment, t.feature,
        t.team, c.currency,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as cost
    from attribution_target t
    join attribution_costsum c on c.target_id = t.id
    join piece p on p.grain = c.grain and p.source_id = c.source_id and p.first = c.day
    where t.activity = 'training' and t.kind in ('workload', 'idle')
        and (%(teams)s::text[] is null or t.team = any(%(teams)s))
        and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
        and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
        and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
        and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
    group by 1, 2, 3, 4, 5, 6
),
alias as (
    select distinct on (raw) raw, canonical
    from ingest_alias
    where dimension = 'model'
    order by raw, valid_from desc nulls last, id desc
),
called as (
    select coalesce(a.canonical, u.model) as model, min(u.day) as day
    from ingest_usageday u
    left join alias a on a.raw = u.model
    where u.activity in ('', 'inference') and u.requests > 0
        and coalesce(a.canonical, u.model) in (select model from spent where model <> '')
    group by 1
),
serving as (
    select
        m.model,
        coalesce((e.attributes ->> 'serving_from')::date, c.day) as serving_from,
        coalesce((e.attributes ->> 'serving_life_months')::int, 12) as life_months,
        case when e.attributes ->> 'serving_from' is not null then 'as registered'
             when c.day is not null then 'first calls' else 'not in service' end as serving_basis
    from (select distinct model from spent where model <> '') m
    left join attribution_entity e on e.dimension = 'model' and e.name = m.model
    left join called c on c.model = m.model
),
life as (
    select
        s.*, v.serving_from, v.life_months, coalesce(v.serving_basis, 'no model') as serving_basis,
        b.begins, (b.begins + make_interval(months => v.life_months))::date - b.begins as days
    from spent s
    left join serving v on v.model = s.model
    cross join lateral (
        select case when v.serving_from is null then null
                    when s.month <= v.serving_from then v.serving_from
                    else (s.month + interval '1 month')::date end as begins
    ) b
),
period as (
    select p.day::date as first,
           least((p.day + make_interval(months => %(months)s))::date, %(end)s::date) as past
    from generate_series(
        case %(months)s when 0 then %(start)s::timestamp
             when 3 then date_trunc('quarter', %(start)s::date - %(shift)s::interval)
                  + %(shift)s::interval
             else date_trunc('month', %(start)s::timestamp) end,
        %(end)s::timestamp - interval '1 day',
        make_interval(months => greatest(%(months)s, 1))) p (day)
    where %(months)s > 0
    union all
    select %(start)s::date, %(end)s::date where %(months)s = 0
)
select
    p.first as period, l.model, l.experiment, l.feature, l.team, l.currency, l.serving_from,
    l.life_months as serving_life_months, l.serving_basis, sum(l.cost) as spent_to_date,
    sum(case when d.upto > d.since
        then aicost_part(l.cost, d.upto, d.upto - d.since, l.days) else 0 end) as amortised_cost,
    sum(case when d.upto > 0
        then aicost_part(l.cost, d.upto, d.upto, l.days) else 0 end) as amortised_to_date
from life l
join period p on l.month < p.past
cross join lateral (
    select least(greatest(greatest(p.first, %(start)s::date) - l.begins, 0), l.days) as since,
           least(greatest(p.past - l.begins, 0), l.days) as upto
) d
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
