create temp table stage_price as
select
    provider, model, token_class, region, service_tier, context_over, per_units, price,
    discount_percent, currency, basis, valid_from, valid_to, origin, note
from ingest_price
limit 0
