-- A replay gives way to what a later delivery brought for the hour of a node.
delete from stage_pod new
using ingest_podhour old
where old.source_id = %(source_id)s
    and old.hour >= %(first_day)s::date::timestamp at time zone 'UTC'
    and old.hour < (%(last_day)s::date + 1)::timestamp at time zone 'UTC'
    and old.node = new.node
    and old.cluster = new.cluster
    and old.hour = new.hour
    and old.delivery_id > %(delivery_id)s
