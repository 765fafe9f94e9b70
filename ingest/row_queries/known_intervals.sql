-- What stands already need not be written again. A bucket made of samples gives way to one that
-- saw as much or more, so the same samples from two replicas, in any order, end the same. A
-- replay gives way to what a later delivery brought.
delete from stage_interval new
using ingest_gpuinterval old
where old.source_id = %(source_id)s
    and old.t_start >= %(first_day)s::date::timestamp at time zone 'UTC'
    and old.t_start < (%(last_day)s::date + 1)::timestamp at time zone 'UTC'
    and old.device_uuid = new.device_uuid
    and old.mig_instance_id = new.mig_instance_id
    and old.workload_key = new.workload_key
    and old.util_scope = new.util_scope
    and old.t_start = new.t_start
    and (
        old.delivery_id > %(delivery_id)s
        or (old.n_samples is not null and new.n_samples is not null
            and (old.observed_ms, old.n_samples) >= (new.observed_ms, new.n_samples))
        or (
            (
                old.t_end, old.cluster, old.node, old.mig_profile, old.device_model,
                old.namespace, old.pod, old.alloc_gpu_fraction, old.alloc_basis,
                old.observed_ms, old.n_samples, old.busy_ms, old.gr_busy_ms, old.sm_ms,
                old.tensor_ms, old.zero_ms, old.zero_lead_ms, old.zero_tail_ms,
                old.fb_used_mib_avg, old.fb_used_mib_max, old.fb_total_mib, old.energy_j,
                old.energy_basis, old.flags
            ) is not distinct from (
                new.t_end, new.cluster, new.node, new.mig_profile, new.device_model,
                new.namespace, new.pod, new.alloc_gpu_fraction, new.alloc_basis,
                new.observed_ms, new.n_samples, new.busy_ms, new.gr_busy_ms, new.sm_ms,
                new.tensor_ms, new.zero_ms, new.zero_lead_ms, new.zero_tail_ms,
                new.fb_used_mib_avg, new.fb_used_mib_max, new.fb_total_mib, new.energy_j,
                new.energy_basis, new.flags
            )
            and (new.zero_lead_ms is not null or new.held_idle_ms is null
                or (old.held_idle_ms, old.empty_idle_ms)
                    = (new.held_idle_ms, new.empty_idle_ms))
        )
    )
