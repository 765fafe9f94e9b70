-- Whether something changed that has no day of its own, so that any day may answer otherwise.
select exists (
    select from attribution_entitychange where at >= %(since)s and dimension <> 'budget'
) or exists (
    select from attribution_monthclose
    where closed_at >= %(since)s or reopened_at >= %(since)s
) or exists (
    select from ingest_delivery
    where loaded_at >= %(since)s and state <> 'held' and first_day is null
) as changed
