-- Resources that the map knows but no bill charged in the period.
select m.resource_id as name, string_agg(distinct m.node, ', ' order by m.node) as detail
from ingest_resourcemap m
where (m.valid_from is null or m.valid_from < %(end)s)
    and (m.valid_to is null or m.valid_to > %(start)s)
    and not exists (
        select from ingest_chargeseries h
        join ingest_charge c on c.series_id = h.id and c.source_id = h.source_id
        where h.resource_id = m.resource_id and c.day >= %(start)s and c.day < %(end)s
    )
group by 1
order by 1
