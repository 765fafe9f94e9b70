delete from ingest_podhour
where source_id = %(source_id)s
    and hour >= %(first_day)s::date::timestamp at time zone 'UTC'
    and hour < (%(last_day)s::date + 1)::timestamp at time zone 'UTC'
    and (cluster, node, hour) in (select cluster, node, hour from stage_pod)
