create temp table stage_interval as
select
    t_start, t_end, cluster, node, device_uuid, mig_instance_id, mig_profile, device_model,
    workload_key, namespace, pod, util_scope, alloc_gpu_fraction, alloc_basis, observed_ms,
    n_samples, busy_ms, gr_busy_ms, sm_ms, tensor_ms, zero_ms, zero_lead_ms, zero_tail_ms,
    held_idle_ms, empty_idle_ms, fb_used_mib_avg, fb_used_mib_max, fb_total_mib, energy_j,
    energy_basis, flags
from ingest_gpuinterval
limit 0
