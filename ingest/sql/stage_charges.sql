-- Facts of the set under the ids of series and scope. Spellings of tags that mean the same series
-- meet here, so charges are summed once more; unknown stays unknown.
create temporary table staged_charge on commit drop as
select
    c.id as series_id,
    c.billing_currency,
    p.scope_id,
    p.delivery_id,
    f.day,
    f.long_period_end,
    f.billing_period,
    f.invoice_id,
    sum(f.rows)::bigint as rows,
    sum(f.billed_cost) as billed_cost,
    sum(f.effective_cost) as effective_cost,
    case when count(f.list_cost) = count(*) then sum(f.list_cost) end as list_cost,
    case when count(f.contracted_cost) = count(*) then sum(f.contracted_cost) end
        as contracted_cost,
    case when count(f.pricing_quantity) = count(*) then sum(f.pricing_quantity) end
        as pricing_quantity,
    case when count(f.consumed_quantity) = count(*) then sum(f.consumed_quantity) end
        as consumed_quantity
from staged_fact as f
join staged_series as s on s.number = f.series_number
join ingest_chargeseries as c on c.source_id = %(source)s and c.sha256 = s.sha256
join staged_scope as p on p.number = f.scope_number
group by
    c.id, c.billing_currency, p.scope_id, p.delivery_id, f.day, f.long_period_end,
    f.billing_period, f.invoice_id
