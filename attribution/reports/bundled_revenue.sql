-- Revenue by day, canonical feature, plan of the customer and currency, for a split by rule. A plan
-- is what holds on the day; it is looked up only where some rule asks for it.
select r.day, coalesce(a.canonical, r.feature) as feature, coalesce(p.plan, '') as plan,
    r.currency, sum(r.amount) as revenue
from ingest_revenue r
left join aicost_alias_days(%(start)s, %(end)s) a
    on a.day = r.day and a.dimension = 'feature' and a.raw = r.feature
left join lateral (
    select c.plan from ingest_customer c
    where %(plans)s and c.customer = r.customer
        and (c.valid_from is null or c.valid_from <= r.day)
    order by c.valid_from desc nulls last, c.id desc
    limit 1
) p on true
where r.day >= %(start)s and r.day < %(end)s
group by 1, 2, 3, 4
order by 1, 2, 3, 4
