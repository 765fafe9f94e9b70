-- Deliveries that bring days of the period, and held ones that came since it began.
select
    l.id as delivery_id, s.name as source, s.kind, l.reader, l.name, l.state, l.message,
    l.rows_read, l.rows_loaded, l.rows_quarantined, l.billing_periods, l.first_day, l.last_day,
    l.loaded_at, t.currency, t.billed_written, t.billed_cost, t.effective_cost,
    t.billed_written - t.billed_cost as difference
from ingest_delivery l
join ingest_source s on s.id = l.source_id
left join ingest_controltotal t on t.delivery_id = l.id
where (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
    and (
        (l.first_day < %(end)s and l.last_day >= %(start)s)
        or (l.first_day is null and l.loaded_at >= %(start)s::timestamp at time zone 'utc')
    )
order by l.loaded_at desc, l.id desc, t.currency
