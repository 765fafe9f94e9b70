-- A series of its own for every charge of a day: machines of some hundred endpoints, each endpoint
-- in one account and environment.
insert into ingest_chargeseries
    (source_id, sha256, provider, publisher, invoice_issuer, billing_account_id, sub_account_id,
     service_category, service_name, resource_id, region_id, charge_category, billing_currency,
     pricing_unit, consumed_unit, tags, extras)
select
    %(source)s, sha256(i::text::bytea), 'AWS', 'AWS', 'AWS', 'payer',
    'acc-' || i %% %(models)s %% 10,
    'Compute', 'Service ' || i %% %(models)s %% 7, 'res-' || i, 'us-east-1', 'Usage', 'USD',
    'Hrs', 'Hrs',
    jsonb_build_object('model', 'model-' || i %% %(models)s, 'activity', 'inference',
        'env', (array['prod', 'dev', ''])[i %% %(models)s %% 3 + 1]),
    '{}'
from generate_series(1, %(per_day)s) i
