insert into ingest_tracedservice (source_id, service, day)
select distinct %(source_id)s, service, (time at time zone 'UTC')::date
from stage_call
where is_call and service <> ''
on conflict do nothing
returning service, day
