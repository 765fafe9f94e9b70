-- What each rule holds: its series, charges and money, by evidence. A rule is all its versions.
with part as (
    select
        a.day, a.charge_id, r.key as rule, a.evidence,
        sum(case %(basis)s when 'billed' then a.billed_cost else a.effective_cost end) as cost
    from attribution_allocatedcharge a
    join attribution_allocationrule r on r.id = a.rule_id
    where a.day >= %(start)s and a.day < %(end)s
        and (%(f_rule)s::text[] is null or r.key = any(%(f_rule)s))
    group by 1, 2, 3, 4
)
select
    p.rule, h.billing_currency as currency, count(distinct c.series_id) as series,
    count(distinct (p.day, p.charge_id)) as charges, sum(p.cost) as cost,
    coalesce(sum(p.cost) filter (where p.evidence = 'measured'), 0) as measured_cost,
    coalesce(sum(p.cost) filter (where p.evidence = 'tagged'), 0) as tagged_cost,
    coalesce(sum(p.cost) filter (where p.evidence = 'inferred'), 0) as inferred_cost,
    coalesce(sum(p.cost) filter (where p.evidence = 'fallback'), 0) as fallback_cost
from part p
join ingest_charge c on c.day = p.day and c.id = p.charge_id
join ingest_chargeseries h on h.id = c.series_id
group by 1, 2
order by cost desc, 1, 2
