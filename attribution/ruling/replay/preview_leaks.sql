-- Charges whose parts before or after the change do not sum to them. No row may remain.
select c.id
  from ingest_charge c
  left join (
      select charge_id, source_id as side, sum(billed_cost) as billed_cost,
             sum(effective_cost) as effective_cost
        from attribution_allocatedcharge
       group by 1, 2
  ) a on a.charge_id = c.id
 group by c.id, c.billed_cost, c.effective_cost
having count(a.side) <> 2
    or bool_or(a.billed_cost <> c.billed_cost or a.effective_cost <> c.effective_cost)
 limit 1
