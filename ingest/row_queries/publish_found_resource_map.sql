-- Add what a source found, where no found row says it already, up to the next one of its node.
-- Rows made by hand stay as they are; they go before found ones wherever a map is read.
with wanted as (
    select distinct on (cluster, node, valid_from) *
    from stage_resource_map s
    where found
    order by cluster, node, valid_from, s::text desc
), dated as (
    select
        w.cluster, w.node, w.resource_id, w.valid_from,
        least(
            lead(w.valid_from) over (partition by w.cluster, w.node order by w.valid_from),
            (
                select min(later.valid_from) from ingest_resourcemap later
                where later.found and (later.cluster, later.node) = (w.cluster, w.node)
                    and later.valid_from > w.valid_from
            )
        ) as valid_to
    from wanted w
)
insert into ingest_resourcemap as old (cluster, node, resource_id, valid_from, valid_to, found)
select d.cluster, d.node, d.resource_id, d.valid_from, d.valid_to, true
from dated d
where not exists (
    select from ingest_resourcemap m
    where m.found and (m.cluster, m.node, m.resource_id) = (d.cluster, d.node, d.resource_id)
        and m.valid_from <= d.valid_from
        and (m.valid_to is null or m.valid_to > d.valid_from)
)
on conflict (cluster, node, valid_from) do update set resource_id = excluded.resource_id
where old.found and old.resource_id <> excluded.resource_id
returning valid_from, valid_to
