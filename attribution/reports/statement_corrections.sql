-- Charges for days before the period that its own months billed: corrections and late charges of
-- earlier months, on the targets on which they stand, by team or by what stood above it that day.
with corrected as (
    select
        case when %(holder)s = 'team' then t.team else coalesce(e.above, '') end as holder,
        t.feature, t.model, c.service_name as service, c.currency,
        case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end as cost
    from attribution_costday c
    join attribution_target t on t.id = c.target_id
    left join attribution_entityabove e on e.level = %(holder)s and e.dimension = 'team'
        and e.name = t.team and (e.valid_from is null or e.valid_from <= c.day)
        and (e.valid_to is null or e.valid_to > c.day)
    where c.billing_period >= %(start)s and c.billing_period < %(end)s and c.day < %(start)s
        and (%(teams)s::text[] is null or t.team = any(%(teams)s))
)
select holder, feature, model, service, currency, sum(cost) as cost
from corrected
where %(names)s::text[] is null or holder = any(%(names)s)
group by 1, 2, 3, 4, 5
having sum(cost) <> 0
order by 1, 2, 3, 4, 5
