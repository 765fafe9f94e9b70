create temp table stage_outcome as
select
    day, name, feature, experiment, model, customer, count
from ingest_outcome
limit 0
