-- One row a run, brought up to date: what a later record leaves empty stays as it was known. A
-- replay gives way to what a later delivery brought. Returns the days of charges that the run's
-- GPU time may concern, where something that attribution reads is different now.
with wanted as (
    select distinct on (run_id) *
    from stage_run s
    order by run_id, started desc nulls last, ended desc nulls last, s::text desc
), before as (
    select r.*
    from ingest_trainingrun r
    join wanted w using (run_id)
    where r.source_id = %(source_id)s
), after as (
    insert into ingest_trainingrun as old (
        source_id, delivery_id, run_id, workload_key, name, experiment, model, model_version,
        feature, "user", team, environment, status, started, ended, hosts, gpu_ms, params, tags,
        metrics, git_commit, parent_run, reason, restarted_from
    )
    select
        %(source_id)s, %(delivery_id)s, run_id, workload_key, name, experiment, model,
        model_version, feature, "user", team, environment, status, started, ended, hosts, gpu_ms,
        params, tags, metrics, git_commit, parent_run, reason, restarted_from
    from wanted
    on conflict (source_id, run_id) do update set
        delivery_id = excluded.delivery_id,
        workload_key = coalesce(nullif(excluded.workload_key, ''), old.workload_key),
        name = coalesce(nullif(excluded.name, ''), old.name),
        experiment = coalesce(nullif(excluded.experiment, ''), old.experiment),
        model = coalesce(nullif(excluded.model, ''), old.model),
        model_version = coalesce(nullif(excluded.model_version, ''), old.model_version),
        feature = coalesce(nullif(excluded.feature, ''), old.feature),
        "user" = coalesce(nullif(excluded."user", ''), old."user"),
        team = coalesce(nullif(excluded.team, ''), old.team),
        environment = coalesce(nullif(excluded.environment, ''), old.environment),
        status = coalesce(nullif(excluded.status, ''), old.status),
        started = least(excluded.started, old.started),
        ended = case excluded.status when 'running' then excluded.ended
                     else coalesce(excluded.ended, old.ended) end,
        hosts = case when excluded.hosts = '{}' then old.hosts else excluded.hosts end,
        gpu_ms = coalesce(excluded.gpu_ms, old.gpu_ms),
        params = old.params || excluded.params,
        tags = old.tags || excluded.tags,
        metrics = old.metrics || excluded.metrics,
        git_commit = coalesce(nullif(excluded.git_commit, ''), old.git_commit),
        parent_run = coalesce(nullif(excluded.parent_run, ''), old.parent_run),
        reason = coalesce(nullif(excluded.reason, ''), old.reason),
        restarted_from = coalesce(nullif(excluded.restarted_from, ''), old.restarted_from)
    where old.delivery_id is null or old.delivery_id <= excluded.delivery_id
    returning *
), changed as (
    select a.started, a.ended
    from after a
    left join before b on b.id = a.id
    where a.workload_key <> '' and a.started is not null
        and (b.id is null
            or (b.workload_key, b.experiment, b.model, b.feature, b.team, b.environment)
                is distinct from
               (a.workload_key, a.experiment, a.model, a.feature, a.team, a.environment))
)
select distinct day::date as day
from changed, generate_series(
    (started at time zone 'UTC')::date,
    (least(coalesce(ended, now()), started + interval '366 days') at time zone 'UTC')::date,
    interval '1 day'
) as each (day)
where exists (select from ingest_charge where ingest_charge.day = each.day::date)
