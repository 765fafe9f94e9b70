-- What nobody owns, by series, kind of nothing and the rule that claimed it.
with part as (
    select
        a.source_id, a.day, a.charge_id, a.rule_id, t.state,
        sum(case %(basis)s when 'billed' then a.billed_cost else a.effective_cost end) as cost
    from attribution_allocatedcharge a
    join attribution_target t on t.id = a.target_id
    where a.day >= %(start)s and a.day < %(end)s and t.kind = 'unattributed'
    group by 1, 2, 3, 4, 5
),
by_series as (
    select
        c.series_id, p.state, p.rule_id, sum(p.cost) as cost, count(distinct p.day) as days,
        min(p.day) as first_day, max(p.day) as last_day
    from part p
    join ingest_charge c on c.day = p.day and c.id = p.charge_id
    group by 1, 2, 3
)
select
    s.*, b.state, r.key as rule, r.title as rule_title, r.method, r.conditions as rule_conditions,
    b.cost, b.days, b.first_day, b.last_day
from by_series b
join ingest_chargeseries s on s.id = b.series_id
join attribution_allocationrule r on r.id = b.rule_id
where b.cost <> 0
order by abs(b.cost) desc, s.id, b.state, r.key
