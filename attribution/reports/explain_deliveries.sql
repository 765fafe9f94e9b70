-- The deliveries in force that brought one bill, with their control totals.
select
    d.id as delivery_id, d.name, d.reader, d.rows_loaded as rows, d.first_day, d.last_day,
    case when cardinality(d.billing_periods) = 1 then t.billed_written end as written,
    case when cardinality(d.billing_periods) = 1 then t.billed_cost end as stored
from ingest_delivery d
join ingest_source s on s.id = d.source_id
left join ingest_controltotal t on t.delivery_id = d.id and t.currency = %(currency)s
where s.name = %(source)s and d.state = 'published'
    and to_char(%(month)s::date, 'YYYY-MM') = any(d.billing_periods)
order by d.id
