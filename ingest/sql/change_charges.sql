update ingest_charge as h
set delivery_id = c.delivery_id,
    rows = c.rows,
    billed_cost = c.billed_cost,
    effective_cost = c.effective_cost,
    list_cost = c.list_cost,
    contracted_cost = c.contracted_cost,
    pricing_quantity = c.pricing_quantity,
    consumed_quantity = c.consumed_quantity
from charge_change as c
where c.what = 'changed' and h.id = c.id and h.day = c.day
