-- Metrics of a service on a day for which its calls came as spans: the spans stand.
delete from ingest_usage
where source_id = %(source_id)s
    and hour >= %(day)s::date::timestamp at time zone 'UTC'
    and hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
    and left(event_id, 39) = %(metric_of)s
