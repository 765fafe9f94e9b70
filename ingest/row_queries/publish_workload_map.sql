-- Add or change rows by key and say from when to when something changed. Two rows of one key in
-- one file: the last by content stands. A row a source had found is then no longer found.
with wanted as (
    select distinct on (cluster, namespace, pattern, valid_from) *
    from stage_workload_map s
    where not found
    order by cluster, namespace, pattern, valid_from, s::text desc
), before as (
    select old.valid_from, old.valid_to
    from ingest_workloadmap old
    join wanted w
        on (old.cluster, old.namespace, old.pattern, old.valid_from)
            is not distinct from (w.cluster, w.namespace, w.pattern, w.valid_from)
    where (old.position, old.activity, old.workload, old.model, old.feature,
           old.experiment, old.team, old.environment, old.valid_to, old.found)
         is distinct from
           (w.position, w.activity, w.workload, w.model, w.feature,
            w.experiment, w.team, w.environment, w.valid_to, w.found)
), after as (
    insert into ingest_workloadmap as old (
        cluster, namespace, pattern, position, activity, workload, model, feature,
        experiment, team, environment, valid_from, valid_to, found
    )
    select
        cluster, namespace, pattern, position, activity, workload, model, feature,
        experiment, team, environment, valid_from, valid_to, found
    from wanted
    on conflict (cluster, namespace, pattern, valid_from) do update set
        position = excluded.position,
        activity = excluded.activity,
        workload = excluded.workload,
        model = excluded.model,
        feature = excluded.feature,
        experiment = excluded.experiment,
        team = excluded.team,
        environment = excluded.environment,
        valid_to = excluded.valid_to,
        found = false
    where (old.position, old.activity, old.workload, old.model, old.feature,
           old.experiment, old.team, old.environment, old.valid_to, old.found)
         is distinct from
           (excluded.position, excluded.activity, excluded.workload, excluded.model,
            excluded.feature, excluded.experiment, excluded.team, excluded.environment,
            excluded.valid_to, excluded.found)
    returning valid_from, valid_to
)
select valid_from, valid_to from before
union
select valid_from, valid_to from after
