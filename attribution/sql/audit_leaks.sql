with part as (
    select day, charge_id, count(*) as parts, sum(billed_cost) as billed_cost,
           sum(effective_cost) as effective_cost, sum(list_cost) as list_cost,
           sum(contracted_cost) as contracted_cost,
           sum(pricing_quantity) as pricing_quantity,
           sum(consumed_quantity) as consumed_quantity
      from attribution_allocatedcharge
     group by day, charge_id
)
select count(*) filter (
           where c.id is null or p.charge_id is null
              or p.billed_cost is distinct from c.billed_cost
              or p.effective_cost is distinct from c.effective_cost
              or p.list_cost is distinct from c.list_cost
              or p.contracted_cost is distinct from c.contracted_cost
              or p.pricing_quantity is distinct from c.pricing_quantity
              or p.consumed_quantity is distinct from c.consumed_quantity),
       count(c.id), coalesce(sum(p.parts), 0)::bigint
  from ingest_charge c
  full join part p on p.day = c.day and p.charge_id = c.id
