-- Of rows with the same key in one file keep one, whatever their order in it.
delete from stage_interval twice
using (
    select
        ctid,
        row_number() over (
            partition by device_uuid, mig_instance_id, workload_key, util_scope, t_start
            order by t_end desc, observed_ms desc, n_samples desc nulls last, stage_interval::text
        ) as position
    from stage_interval
    where (device_uuid, mig_instance_id, workload_key, util_scope, t_start) in (
        select device_uuid, mig_instance_id, workload_key, util_scope, t_start
        from stage_interval
        group by device_uuid, mig_instance_id, workload_key, util_scope, t_start
        having count(*) > 1
    )
) ranked
where twice.ctid = ranked.ctid and ranked.position > 1
