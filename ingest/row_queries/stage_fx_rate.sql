create temp table stage_fx_rate as
select
    month, from_currency, to_currency, rate, origin
from ingest_fxrate
limit 0
