insert into ingest_outcome (
    source_id, delivery_id,
    day, name, feature, experiment, model, customer, count
)
select
    %(source_id)s, %(delivery_id)s,
    day, name, feature, experiment, model, customer, count
from stage_outcome
