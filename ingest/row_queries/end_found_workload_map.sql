-- A found row ends where its pods were found to say something else; what they no longer say, they
-- still mean.
update ingest_workloadmap old
set valid_to = w.valid_from
from stage_workload_map w
where w.found and old.found
    and (old.cluster, old.namespace, old.pattern) = (w.cluster, w.namespace, w.pattern)
    and old.valid_from < w.valid_from
    and (old.valid_to is null or old.valid_to > w.valid_from)
    and (
        (w.activity <> '' and w.activity <> old.activity)
        or (w.workload <> '' and w.workload <> old.workload)
        or (w.model <> '' and w.model <> old.model)
        or (w.feature <> '' and w.feature <> old.feature)
        or (w.experiment <> '' and w.experiment <> old.experiment)
        or (w.team <> '' and w.team <> old.team)
        or (w.environment <> '' and w.environment <> old.environment)
    )
returning w.valid_from, null::date as valid_to
