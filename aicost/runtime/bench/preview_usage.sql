-- Calls of the twenty models by eight features a day.
insert into ingest_usageday (source_id, day, model, feature, requests, input_tokens, output_tokens)
select %(source)s, d.day::date, 'model-' || m, 'feature-' || f, 100 * f + m, 1000 * f, 10 * m + 1
  from generate_series(0, 19) m
 cross join generate_series(1, 8) f
 cross join generate_series(%(start)s::date, %(end)s::date - 1, interval '1 day') d (day)
