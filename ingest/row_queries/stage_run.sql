create temp table stage_run as
select
    run_id, workload_key, name, experiment, model, model_version, feature, "user", team,
    environment, status, started, ended, hosts, gpu_ms, params, tags, metrics, git_commit,
    parent_run, reason, restarted_from
from ingest_trainingrun
limit 0
