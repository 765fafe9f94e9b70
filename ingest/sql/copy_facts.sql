copy staged_fact (
    series_number, scope_number, day, long_period_end, billing_period, invoice_id, rows,
    billed_cost, effective_cost, list_cost, contracted_cost, pricing_quantity, consumed_quantity
) from stdin (format csv, force_not_null (invoice_id))
