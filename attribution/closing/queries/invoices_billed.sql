-- Per invoice: what its charges say, what of it is tax, credit or refund, or of a marketplace, and
-- where it stands: the sum of all its parts in the ledger, counted there and not taken for granted.
-- The days that the periods bill say which partitions are read.
with billed as materialized (
    select min(day) as first, max(day) as last
      from ingest_billday
     where billing_period >= %(first)s and billing_period < %(end)s
), charge as (
    select c.day, c.id, c.source_id, c.billing_period, c.invoice_id, c.billed_cost,
           h.billing_currency as currency,
           case when h.charge_category = 'Tax' then 'tax'
                when h.charge_category = 'Credit'
                     or h.charge_class = 'Correction' and c.billed_cost < 0 then 'credits'
                when h.extras::text ilike '%%marketplace%%' then 'marketplace'
           end as part
      from ingest_charge c
      join ingest_chargeseries h on h.id = c.series_id
     where c.billing_period >= %(first)s and c.billing_period < %(end)s
       and c.day >= (select first from billed) and c.day <= (select last from billed)
), bill as (
    select source_id, billing_period, invoice_id, currency, sum(billed_cost) as billed,
           coalesce(sum(billed_cost) filter (where part = 'tax'), 0) as tax,
           coalesce(sum(billed_cost) filter (where part = 'credits'), 0) as credits,
           coalesce(sum(billed_cost) filter (where part = 'marketplace'), 0) as marketplace
      from charge
     group by 1, 2, 3, 4
), stands as (
    select c.source_id, c.billing_period, c.invoice_id, c.currency,
           sum(a.billed_cost) as attributed
      from charge c
      join attribution_allocatedcharge a
        on a.source_id = c.source_id and a.day = c.day and a.charge_id = c.id
       and a.day >= (select first from billed) and a.day <= (select last from billed)
     group by 1, 2, 3, 4
)
select source_id, billing_period, invoice_id, currency, billed, tax, credits, marketplace,
       coalesce(attributed, 0)
  from bill
  left join stands using (source_id, billing_period, invoice_id, currency)
