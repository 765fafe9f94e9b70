-- The columns of preview_charges.sql.
create temp table ingest_charge on commit drop as
select id, series_id, false as is_credit, null::text as currency, 0::numeric as charges,
       source_id, day, source_id as source_after, day as day_after, billing_period,
       long_period_end, 0::numeric as billed_cost, 0::numeric as effective_cost,
       null::numeric as list_cost, null::numeric as contracted_cost,
       null::numeric as pricing_quantity, null::numeric as consumed_quantity
  from ingest_charge
  with no data
