-- The series some rules hold, the dearest first.
with part as (
    select
        a.day, a.charge_id, r.key as rule,
        sum(case %(basis)s when 'billed' then a.billed_cost else a.effective_cost end) as cost
    from attribution_allocatedcharge a
    join attribution_allocationrule r on r.id = a.rule_id
    where a.day >= %(start)s and a.day < %(end)s
        and (%(f_rule)s::text[] is null or r.key = any(%(f_rule)s))
    group by 1, 2, 3
),
by_series as (
    select
        p.rule, c.series_id, sum(p.cost) as cost, count(distinct p.day) as days,
        min(p.day) as first_day, max(p.day) as last_day
    from part p
    join ingest_charge c on c.day = p.day and c.id = p.charge_id
    group by 1, 2
)
select
    b.rule, h.service_name as service,
    coalesce(nullif(h.sub_account_id, ''), h.billing_account_id) as account,
    h.resource_id as resource, h.resource_name as name, h.sku_meter, h.charge_category,
    (select coalesce(string_agg(t.key || '=' || t.value, ', ' order by t.key), '')
       from jsonb_each_text(h.tags) t) as tags,
    h.billing_currency as currency, b.cost, b.days, b.first_day, b.last_day
from by_series b
join ingest_chargeseries h on h.id = b.series_id
order by b.cost desc, b.rule, b.series_id
limit %(limit)s
