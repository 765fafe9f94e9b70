-- The bill against the ledger for the asked days, per source and currency, in the asked basis.
select s.name as source, b.currency, sum(b.bill) as bill, sum(b.bill) - sum(b.ledger) as residual
from (
    select
        source_id, currency,
        case %(basis)s when 'billed' then billed_cost else effective_cost end as bill,
        0 as ledger
    from ingest_billday
    where day >= %(start)s and day < %(end)s
    union all
    select
        source_id, currency, 0,
        case %(basis)s when 'billed' then billed_cost else effective_cost end
    from aicost_cost(%(start)s, %(end)s, 'period', 'day', '{}')
) b
join ingest_source s on s.id = b.source_id
group by 1, 2
order by 1, 2
