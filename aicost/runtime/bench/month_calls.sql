-- Calls of eight features for every model and day.
insert into ingest_usageday
    (source_id, day, model, feature, team, activity, requests, input_tokens, output_tokens)
select
    %(source)s, d::date, 'model-' || m, 'feature-' || (m * 3 + k) %% 40, 'team-' || k, 'inference',
    (m * 7919 + k * 104729) %% 90000 + 1, (m * 31 + k) %% 100000 * 100, (m + k * 17) %% 50000 * 10
from generate_series(%(start)s::timestamp, %(end)s::timestamp - interval '1 day', '1 day') d
cross join generate_series(0, %(models)s - 1) m
cross join generate_series(1, 8) k
