-- Add or change rows by key and say from when to when something changed. Two rows of one key in
-- one file: the last by content stands.
with wanted as (
    select distinct on (bucket, pattern, valid_from) *
    from stage_storage_map s
    order by bucket, pattern, valid_from, s::text desc
), before as (
    select old.valid_from, old.valid_to
    from ingest_storagemap old
    join wanted w
        on (old.bucket, old.pattern, old.valid_from)
            is not distinct from (w.bucket, w.pattern, w.valid_from)
    where (old.position, old.workload, old.model, old.feature, old.experiment, old.team,
           old.environment, old.valid_to)
         is distinct from
           (w.position, w.workload, w.model, w.feature, w.experiment, w.team, w.environment,
            w.valid_to)
), after as (
    insert into ingest_storagemap as old (
        bucket, pattern, position, workload, model, feature, experiment, team, environment,
        valid_from, valid_to
    )
    select
        bucket, pattern, position, workload, model, feature, experiment, team, environment,
        valid_from, valid_to
    from wanted
    on conflict (bucket, pattern, valid_from) do update set
        position = excluded.position,
        workload = excluded.workload,
        model = excluded.model,
        feature = excluded.feature,
        experiment = excluded.experiment,
        team = excluded.team,
        environment = excluded.environment,
        valid_to = excluded.valid_to
    where (old.position, old.workload, old.model, old.feature, old.experiment, old.team,
           old.environment, old.valid_to)
         is distinct from
           (excluded.position, excluded.workload, excluded.model, excluded.feature,
            excluded.experiment, excluded.team, excluded.environment, excluded.valid_to)
    returning valid_from, valid_to
)
select valid_from, valid_to from before
union
select valid_from, valid_to from after
