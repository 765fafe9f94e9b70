create temp table stage_revenue as
select
    day, feature, customer, amount, currency
from ingest_revenue
limit 0
