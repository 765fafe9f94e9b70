-- A found row ends where its node was found to be another machine.
update ingest_resourcemap old
set valid_to = w.valid_from
from stage_resource_map w
where w.found and old.found
    and (old.cluster, old.node) = (w.cluster, w.node)
    and old.valid_from < w.valid_from
    and (old.valid_to is null or old.valid_to > w.valid_from)
    and old.resource_id <> w.resource_id
returning w.valid_from, null::date as valid_to
