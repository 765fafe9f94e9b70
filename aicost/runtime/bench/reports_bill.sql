insert into ingest_billday
    (source_id, day, billing_period, currency, charges, billed_cost, effective_cost)
select source_id, day, billing_period, currency, count(*), sum(billed_cost), sum(effective_cost)
from attribution_costday
where source_id = %(source)s
group by 1, 2, 3, 4
