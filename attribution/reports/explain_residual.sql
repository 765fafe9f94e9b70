-- Days of one bill on which it and the ledger differ, or that wait for attribution.
with bill as (
    select b.day, b.billed_cost as billed
    from ingest_billday b
    join ingest_source s on s.id = b.source_id
    where s.name = %(source)s and b.billing_period = %(month)s and b.currency = %(currency)s
),
ledger as (
    select c.day, sum(c.billed_cost) as stands
    from attribution_costday c
    join ingest_source s on s.id = c.source_id
    where s.name = %(source)s and c.billing_period = %(month)s and c.currency = %(currency)s
    group by 1
)
select
    day, coalesce(b.billed, 0) as billed, coalesce(l.stands, 0) as stands,
    coalesce(d.dirty_version > d.published_version, true) as waits,
    coalesce(d.failure, '') as failure
from bill b
full join ledger l using (day)
left join (
    select d.* from attribution_daystate d
    join ingest_source s on s.id = d.source_id
    where s.name = %(source)s
) d using (day)
where coalesce(b.billed, 0) <> coalesce(l.stands, 0) or d.dirty_version > d.published_version
order by day
