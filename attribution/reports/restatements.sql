-- What later deliveries changed of days in the period.
select
    s.name as source, c.part as billing_period, l.name as delivery, p.name as previous_delivery,
    r.created_at, r.currency, r.billed_delta, r.effective_delta, r.charges_added,
    r.charges_changed, r.charges_removed, r.first_day, r.last_day
from ingest_restatement r
join ingest_delivery l on l.id = r.delivery_id
join ingest_delivery p on p.id = r.previous_id
join ingest_source s on s.id = l.source_id
left join ingest_scope c on c.id = l.scope_id
where (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
    and (r.first_day is null or (r.first_day < %(end)s and r.last_day >= %(start)s))
order by r.created_at desc, r.id desc
