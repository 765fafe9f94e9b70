-- What the file replaces: calls with the same id, and rows without an id of an earlier delivery
-- of the same file.
with gone as (
    delete from ingest_usage old
    using stage_usage new
    where old.source_id = %(source_id)s and old.event_id = new.event_id
    returning old.time
), gone_too as (
    delete from ingest_usage
    where source_id = %(source_id)s
        and event_id is null
        and delivery_id = any(%(replaced)s)
    returning time
)
select distinct (time at time zone 'UTC')::date as day
from (select time from gone union all select time from gone_too) removed
