-- What came by OTLP per source: its deliveries stay, so that these only grow.
select s.name as source, sum(d.rows_read) as received, sum(d.rows_quarantined) as quarantined
from ingest_delivery d
join ingest_source s on s.id = d.source_id
where d.reader = %(reader)s
group by 1
order by 1
