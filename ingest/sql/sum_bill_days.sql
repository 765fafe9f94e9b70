-- What the charges of these days sum to.
insert into ingest_billday
    (source_id, day, billing_period, currency, charges, billed_cost, effective_cost)
select
    c.source_id, c.day, c.billing_period, s.billing_currency, count(*),
    sum(c.billed_cost), sum(c.effective_cost)
from ingest_charge c
join ingest_chargeseries s on s.id = c.series_id
where c.source_id = %(source)s and c.day = any(%(days)s)
group by 1, 2, 3, 4
