-- Every series on every day.
insert into ingest_charge
    (id, source_id, series_id, scope_id, delivery_id, day, billing_period, invoice_id, rows,
     billed_cost, effective_cost, consumed_quantity)
select row_number() over (order by d.day, s.id), %(source)s, s.id, %(scope)s, %(delivery)s,
       d.day::date, %(start)s, '', 1,
       s.id %% 997 * 0.01 + 0.07, s.id %% 991 * 0.01 + 0.07, 24
  from ingest_chargeseries s
 cross join generate_series(%(start)s::date, %(end)s::date - 1, interval '1 day') d (day)
 where s.source_id = %(source)s
