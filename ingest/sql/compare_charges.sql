-- What stands in the scopes against what was delivered, by the key of a charge. Rows that are
-- the same on both sides do not appear: they keep their ids and their delivery.
create temporary table charge_change on commit drop as
with standing as (
    select h.*, e.billing_currency
    from ingest_charge as h
    join ingest_chargeseries as e on e.id = h.series_id
    where h.scope_id in (select scope_id from staged_scope)
)
select
    h.id,
    coalesce(h.day, n.day) as day,
    coalesce(h.billing_currency, n.billing_currency) as currency,
    case when h.id is null then 'added' when n.day is null then 'removed' else 'changed' end
        as what,
    n.series_id,
    coalesce(h.scope_id, n.scope_id) as scope_id,
    n.delivery_id,
    n.long_period_end,
    n.billing_period,
    n.invoice_id,
    n.rows,
    n.billed_cost,
    n.effective_cost,
    n.list_cost,
    n.contracted_cost,
    n.pricing_quantity,
    n.consumed_quantity,
    coalesce(n.billed_cost, 0) - coalesce(h.billed_cost, 0) as billed_delta,
    coalesce(n.effective_cost, 0) - coalesce(h.effective_cost, 0) as effective_delta
from standing as h
full join staged_charge as n
    on n.scope_id = h.scope_id
    and n.series_id = h.series_id
    and n.day = h.day
    and n.billing_period = h.billing_period
    and n.invoice_id = h.invoice_id
    and coalesce(n.long_period_end, 'infinity') = coalesce(h.long_period_end, 'infinity')
where (h.rows, h.billed_cost, h.effective_cost, h.list_cost, h.contracted_cost,
       h.pricing_quantity, h.consumed_quantity)
    is distinct from
    (n.rows, n.billed_cost, n.effective_cost, n.list_cost, n.contracted_cost,
     n.pricing_quantity, n.consumed_quantity)
