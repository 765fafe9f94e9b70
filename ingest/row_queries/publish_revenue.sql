insert into ingest_revenue (
    source_id, delivery_id,
    day, feature, customer, amount, currency
)
select
    %(source_id)s, %(delivery_id)s,
    day, feature, customer, amount, currency
from stage_revenue
