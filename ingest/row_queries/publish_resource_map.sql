-- Add or change rows by key and say from when to when something changed. Two rows of one key in
-- one file: the last by content stands. A row a source had found is then no longer found.
with wanted as (
    select distinct on (cluster, node, valid_from) *
    from stage_resource_map s
    where not found
    order by cluster, node, valid_from, s::text desc
), before as (
    select old.valid_from, old.valid_to
    from ingest_resourcemap old
    join wanted w
        on (old.cluster, old.node, old.valid_from)
            is not distinct from (w.cluster, w.node, w.valid_from)
    where (old.resource_id, old.valid_to, old.found)
        is distinct from (w.resource_id, w.valid_to, w.found)
), after as (
    insert into ingest_resourcemap as old (
        cluster, node, resource_id, valid_from, valid_to, found
    )
    select
        cluster, node, resource_id, valid_from, valid_to, found
    from wanted
    on conflict (cluster, node, valid_from) do update set
        resource_id = excluded.resource_id,
        valid_to = excluded.valid_to,
        found = false
    where (old.resource_id, old.valid_to, old.found)
        is distinct from (excluded.resource_id, excluded.valid_to, excluded.found)
    returning valid_from, valid_to
)
select valid_from, valid_to from before
union
select valid_from, valid_to from after
