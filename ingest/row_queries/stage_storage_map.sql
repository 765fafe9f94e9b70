create temp table stage_storage_map as
select
    bucket, pattern, position, workload, model, feature, experiment, team, environment,
    valid_from, valid_to
from ingest_storagemap
limit 0
