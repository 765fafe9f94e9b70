-- Replace whole buckets by key. Idle that the source tells is kept, else it is what was found.
-- In the order of the key, which fills the index page by page.
insert into ingest_gpuinterval as old (
    source_id, delivery_id, t_start, t_end, cluster, node, device_uuid, mig_instance_id,
    mig_profile, device_model, workload_key, namespace, pod, util_scope, alloc_gpu_fraction,
    alloc_basis, observed_ms, n_samples, busy_ms, gr_busy_ms, sm_ms, tensor_ms, zero_ms,
    zero_lead_ms, zero_tail_ms, held_idle_ms, empty_idle_ms, fb_used_mib_avg,
    fb_used_mib_max, fb_total_mib, energy_j, energy_basis, flags
)
select
    %(source_id)s, %(delivery_id)s, s.t_start, s.t_end, s.cluster, s.node, s.device_uuid,
    s.mig_instance_id, s.mig_profile, s.device_model, s.workload_key, s.namespace, s.pod,
    s.util_scope, s.alloc_gpu_fraction, s.alloc_basis, s.observed_ms, s.n_samples,
    s.busy_ms, s.gr_busy_ms, s.sm_ms, s.tensor_ms, s.zero_ms, s.zero_lead_ms,
    s.zero_tail_ms, coalesce(s.held_idle_ms, i.held_idle_ms, 0),
    coalesce(s.empty_idle_ms, i.empty_idle_ms, 0), s.fb_used_mib_avg, s.fb_used_mib_max,
    s.fb_total_mib, s.energy_j, s.energy_basis, s.flags
from stage_interval s
left join stage_idle i
    on not i.kept
    and i.device_uuid = s.device_uuid
    and i.mig_instance_id = s.mig_instance_id
    and i.workload_key = s.workload_key
    and i.util_scope = s.util_scope
    and i.t_start = s.t_start
order by s.device_uuid, s.mig_instance_id, s.workload_key, s.util_scope, s.t_start
on conflict (source_id, device_uuid, mig_instance_id, workload_key, util_scope, t_start)
do update set
    delivery_id = excluded.delivery_id,
    t_end = excluded.t_end,
    cluster = excluded.cluster,
    node = excluded.node,
    mig_profile = excluded.mig_profile,
    device_model = excluded.device_model,
    namespace = excluded.namespace,
    pod = excluded.pod,
    alloc_gpu_fraction = excluded.alloc_gpu_fraction,
    alloc_basis = excluded.alloc_basis,
    observed_ms = excluded.observed_ms,
    n_samples = excluded.n_samples,
    busy_ms = excluded.busy_ms,
    gr_busy_ms = excluded.gr_busy_ms,
    sm_ms = excluded.sm_ms,
    tensor_ms = excluded.tensor_ms,
    zero_ms = excluded.zero_ms,
    zero_lead_ms = excluded.zero_lead_ms,
    zero_tail_ms = excluded.zero_tail_ms,
    held_idle_ms = excluded.held_idle_ms,
    empty_idle_ms = excluded.empty_idle_ms,
    fb_used_mib_avg = excluded.fb_used_mib_avg,
    fb_used_mib_max = excluded.fb_used_mib_max,
    fb_total_mib = excluded.fb_total_mib,
    energy_j = excluded.energy_j,
    energy_basis = excluded.energy_basis,
    flags = excluded.flags
