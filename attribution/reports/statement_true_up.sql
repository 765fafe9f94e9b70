-- What the months of a period that were closed cost now, less what they were reported to cost, by
-- the edition that was reported last.
with edition as (
    select distinct on (month) id, month
    from attribution_monthclose
    where month >= %(first)s and month < %(start)s
    order by month, edition desc
),
both_of as (
    select c.day, c.target_id, c.service_name, c.currency,
        case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end as cost
    from edition e
    join attribution_costday c
        on c.day >= e.month and c.day < (e.month + interval '1 month')::date
    union all
    select r.day, r.target_id, r.service_name, r.currency,
        -case %(basis)s when 'billed' then r.billed_cost else r.effective_cost end
    from edition e
    join attribution_reportedcost r on r.close_id = e.id
),
held as (
    select
        case when %(holder)s = 'team' then t.team else coalesce(a.above, '') end as holder,
        t.feature, t.model, b.service_name as service, b.currency, b.cost
    from both_of b
    join attribution_target t on t.id = b.target_id
    left join attribution_entityabove a on a.level = %(holder)s and a.dimension = 'team'
        and a.name = t.team and (a.valid_from is null or a.valid_from <= b.day)
        and (a.valid_to is null or a.valid_to > b.day)
    where %(teams)s::text[] is null or t.team = any(%(teams)s)
)
select holder, feature, model, service, currency, sum(cost) as cost
from held
where %(names)s::text[] is null or holder = any(%(names)s)
group by 1, 2, 3, 4, 5
having sum(cost) <> 0
order by 1, 2, 3, 4, 5
