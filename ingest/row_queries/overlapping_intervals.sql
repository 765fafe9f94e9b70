-- Buckets of another length over the same time are replaced too: nothing may count twice.
delete from ingest_gpuinterval old
using stage_interval new
where old.source_id = %(source_id)s
    and old.device_uuid = new.device_uuid
    and old.mig_instance_id = new.mig_instance_id
    and old.workload_key = new.workload_key
    and old.util_scope = new.util_scope
    and old.t_start > new.t_start - interval '1 hour'
    and old.t_start < new.t_end
    and old.t_end > new.t_start
    and old.t_start <> new.t_start
returning (old.t_start at time zone 'UTC')::date as day
