-- One charge a day of every series.
insert into ingest_charge
    (source_id, series_id, scope_id, delivery_id, day, billing_period, rows, billed_cost,
     effective_cost, list_cost, contracted_cost, pricing_quantity, consumed_quantity)
select
    s.source_id, s.id, %(scope)s, %(delivery)s, d::date, date_trunc('month', d)::date, 24,
    ((s.id * 7919 + extract(day from d)::int) %% 9973 * 0.0123456789)::numeric(38, 18),
    ((s.id * 104729 + extract(day from d)::int) %% 7919 * 0.0323456789)::numeric(38, 18),
    (s.id %% 6101 * 0.0423456789)::numeric(38, 18), null, 24, 24
from generate_series(%(start)s::timestamp, %(end)s::timestamp - interval '1 day', '1 day') d
cross join (select id, source_id from ingest_chargeseries where source_id = %(source)s) s
