-- Charges whose parts do not sum to them, to the last digit, in every column. No row may remain.
-- Materialized: for the sake of the limit the planner would read the day charge by charge, in the
-- order of the index, which the heap does not have once a day was rebuilt.
with a as materialized (
    select charge_id, sum(billed_cost) as billed_cost, sum(effective_cost) as effective_cost,
           sum(list_cost) as list_cost, sum(contracted_cost) as contracted_cost,
           sum(pricing_quantity) as pricing_quantity, sum(consumed_quantity) as consumed_quantity
      from attribution_allocatedcharge
     where source_id = %(source)s and day = %(day)s
     group by charge_id
)
select c.id, c.billed_cost, a.billed_cost, c.effective_cost, a.effective_cost
  from ingest_charge c
  left join a on a.charge_id = c.id
 where c.source_id = %(source)s and c.day = %(day)s
   and (a.billed_cost is distinct from c.billed_cost
        or a.effective_cost is distinct from c.effective_cost
        or a.list_cost is distinct from c.list_cost
        or a.contracted_cost is distinct from c.contracted_cost
        or a.pricing_quantity is distinct from c.pricing_quantity
        or a.consumed_quantity is distinct from c.consumed_quantity)
 limit 20
