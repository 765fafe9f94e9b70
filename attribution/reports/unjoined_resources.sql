-- Resources that the map knows for the period but no bill ever charged: one that is gone by now
-- joined while it ran.
select m.resource_id as name, string_agg(distinct m.node, ', ' order by m.node) as detail
from ingest_resourcemap m
where (m.valid_from is null or m.valid_from < %(end)s)
    and (m.valid_to is null or m.valid_to > %(start)s)
    and not exists (
        select from ingest_chargeseries h
        where h.resource_id = m.resource_id
    )
group by 1
order by 1
