-- Add what a source found, unless a found row holds that day (end_found_workload_map has ended
-- the ones that said otherwise); on its own first day a row learns more. Rows made by hand stay.
with wanted as (
    select distinct on (cluster, namespace, pattern, valid_from) *
    from stage_workload_map s
    where found
    order by cluster, namespace, pattern, valid_from, s::text desc
), dated as (
    select
        w.*,
        coalesce(
            lead(w.valid_from) over same,
            (
                select min(later.valid_from) from ingest_workloadmap later
                where later.found
                    and (later.cluster, later.namespace, later.pattern)
                        = (w.cluster, w.namespace, w.pattern)
                    and later.valid_from > w.valid_from
            )
        ) as ends_on
    from wanted w
    window same as (partition by w.cluster, w.namespace, w.pattern order by w.valid_from)
)
insert into ingest_workloadmap as old (
    cluster, namespace, pattern, position, activity, workload, model, feature, experiment,
    team, environment, valid_from, valid_to, found
)
select
    d.cluster, d.namespace, d.pattern, d.position,
    coalesce(nullif(d.activity, ''), b.activity, ''),
    coalesce(nullif(d.workload, ''), b.workload, ''),
    coalesce(nullif(d.model, ''), b.model, ''),
    coalesce(nullif(d.feature, ''), b.feature, ''),
    coalesce(nullif(d.experiment, ''), b.experiment, ''),
    coalesce(nullif(d.team, ''), b.team, ''),
    coalesce(nullif(d.environment, ''), b.environment, ''),
    d.valid_from, d.ends_on, true
from dated d
left join ingest_workloadmap b
    on b.found and b.valid_to = d.valid_from
    and (b.cluster, b.namespace, b.pattern) = (d.cluster, d.namespace, d.pattern)
where not exists (
    select from ingest_workloadmap m
    where m.found
        and (m.cluster, m.namespace, m.pattern) = (d.cluster, d.namespace, d.pattern)
        and m.valid_from < d.valid_from
        and (m.valid_to is null or m.valid_to > d.valid_from)
)
on conflict (cluster, namespace, pattern, valid_from) do update set
    activity = coalesce(nullif(excluded.activity, ''), old.activity),
    workload = coalesce(nullif(excluded.workload, ''), old.workload),
    model = coalesce(nullif(excluded.model, ''), old.model),
    feature = coalesce(nullif(excluded.feature, ''), old.feature),
    experiment = coalesce(nullif(excluded.experiment, ''), old.experiment),
    team = coalesce(nullif(excluded.team, ''), old.team),
    environment = coalesce(nullif(excluded.environment, ''), old.environment)
where old.found
    and (old.activity, old.workload, old.model, old.feature, old.experiment, old.team,
         old.environment)
      is distinct from
        (coalesce(nullif(excluded.activity, ''), old.activity),
         coalesce(nullif(excluded.workload, ''), old.workload),
         coalesce(nullif(excluded.model, ''), old.model),
         coalesce(nullif(excluded.feature, ''), old.feature),
         coalesce(nullif(excluded.experiment, ''), old.experiment),
         coalesce(nullif(excluded.team, ''), old.team),
         coalesce(nullif(excluded.environment, ''), old.environment))
returning valid_from, valid_to
