create view facts as
select
    f.series_number,
    s.number as scope_number,
    f.day,
    f.long_period_end,
    f.billing_period,
    f.invoice_id,
    f.rows,
    f.billed_cost,
    f.effective_cost,
    f.list_cost,
    f.contracted_cost,
    f.pricing_quantity,
    f.consumed_quantity
from numbered as f
join scopes as s
    on s.scope_issuer = f.scope_issuer
    and s.billing_account_id = f.billing_account_id
    and s.scope_part = f.scope_part
