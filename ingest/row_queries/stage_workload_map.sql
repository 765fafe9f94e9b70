create temp table stage_workload_map as
select
    cluster, namespace, pattern, position, activity, workload, model, feature, experiment,
    team, environment, valid_from, valid_to, found
from ingest_workloadmap
limit 0
