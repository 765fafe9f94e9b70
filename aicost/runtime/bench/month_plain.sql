-- The same rows without exactness: cost times weight over total, in one statement.
create table bench_plain as
with share as (
    select
        u.day, u.model, u.feature, u.team, u.requests as weight,
        sum(u.requests) over (partition by u.day, u.model) as total
    from ingest_usageday u
)
select
    c.day, c.source_id, c.id as charge_id, s.model, h.feature, h.team,
    s.tags ->> 'env' as environment, 'tagged' as evidence, 1::bigint as weight,
    1::bigint as total_weight, h.weight as weight2, h.total::bigint as total_weight2,
    round(c.billed_cost * h.weight / h.total, 18) as billed_cost,
    round(c.effective_cost * h.weight / h.total, 18) as effective_cost,
    round(c.list_cost * h.weight / h.total, 18) as list_cost,
    round(c.contracted_cost * h.weight / h.total, 18) as contracted_cost,
    round(c.pricing_quantity * h.weight / h.total, 18) as pricing_quantity,
    round(c.consumed_quantity * h.weight / h.total, 18) as consumed_quantity
from ingest_charge c
join (
    select id, tags, tags ->> 'model' as model from ingest_chargeseries
) s on s.id = c.series_id
join share h on h.day = c.day and h.model = s.model
