insert into ingest_charge (
    source_id, series_id, scope_id, delivery_id, day, long_period_end, billing_period,
    invoice_id, rows, billed_cost, effective_cost, list_cost, contracted_cost,
    pricing_quantity, consumed_quantity
)
select
    %(source)s, series_id, scope_id, delivery_id, day, long_period_end, billing_period,
    invoice_id, rows, billed_cost, effective_cost, list_cost, contracted_cost,
    pricing_quantity, consumed_quantity
from charge_change
where what = 'added'
order by day, series_id
