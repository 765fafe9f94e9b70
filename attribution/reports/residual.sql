-- The bill against the ledger for the asked days, per source and currency, in the asked basis.
select s.name as source, b.currency, sum(b.bill) as bill, sum(b.bill) - sum(b.ledger) as residual
from (
    select
        c.source_id, h.billing_currency as currency,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end) as bill,
        0 as ledger
    from ingest_charge c
    join ingest_chargeseries h on h.id = c.series_id
    where c.day >= %(start)s and c.day < %(end)s
    group by 1, 2
    union all
    select
        c.source_id, c.currency, 0,
        sum(case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end)
    from attribution_costday c
    where c.day >= %(start)s and c.day < %(end)s
    group by 1, 2
) b
join ingest_source s on s.id = b.source_id
group by 1, 2
order by 1, 2
