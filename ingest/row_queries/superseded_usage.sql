-- Earlier deliveries of which no row is left.
update ingest_delivery d
set state = 'superseded'
where d.id = any(%(replaced)s)
    and d.id <> %(delivery_id)s
    and d.state = 'published'
    and not exists (select from ingest_usage u where u.delivery_id = d.id)
