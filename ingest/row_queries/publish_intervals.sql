-- Replace whole buckets by key and say which days changed. Sampled buckets (n_samples) only ever
-- gain: the fuller one stands, so the same samples from two replicas, in any order, end the same.
-- Idle that the source tells (no zero ends) is kept; derived idle is filled in afterwards.
with changed as (
    insert into ingest_gpuinterval as old (
        source_id, delivery_id, t_start, t_end, cluster, node, device_uuid, mig_instance_id,
        mig_profile, device_model, workload_key, namespace, pod, util_scope,
        alloc_gpu_fraction, alloc_basis, observed_ms, n_samples, busy_ms, gr_busy_ms, sm_ms,
        tensor_ms, zero_ms, zero_lead_ms, zero_tail_ms, held_idle_ms, empty_idle_ms,
        fb_used_mib_avg, fb_used_mib_max, fb_total_mib, energy_j, energy_basis, flags
    )
    select
        %(source_id)s, %(delivery_id)s, t_start, t_end, cluster, node, device_uuid,
        mig_instance_id, mig_profile, device_model, workload_key, namespace, pod,
        util_scope, alloc_gpu_fraction, alloc_basis, observed_ms, n_samples, busy_ms,
        gr_busy_ms, sm_ms, tensor_ms, zero_ms, zero_lead_ms, zero_tail_ms,
        coalesce(held_idle_ms, 0), coalesce(empty_idle_ms, 0), fb_used_mib_avg,
        fb_used_mib_max, fb_total_mib, energy_j, energy_basis, flags
    from stage_interval
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
    where (
        old.t_end, old.cluster, old.node, old.mig_profile, old.device_model, old.namespace,
        old.pod, old.alloc_gpu_fraction, old.alloc_basis, old.observed_ms, old.n_samples,
        old.busy_ms, old.gr_busy_ms, old.sm_ms, old.tensor_ms, old.zero_ms,
        old.zero_lead_ms, old.zero_tail_ms, old.fb_used_mib_avg, old.fb_used_mib_max,
        old.fb_total_mib, old.energy_j, old.energy_basis, old.flags
    ) is distinct from (
        excluded.t_end, excluded.cluster, excluded.node, excluded.mig_profile,
        excluded.device_model, excluded.namespace, excluded.pod,
        excluded.alloc_gpu_fraction, excluded.alloc_basis, excluded.observed_ms,
        excluded.n_samples, excluded.busy_ms, excluded.gr_busy_ms, excluded.sm_ms,
        excluded.tensor_ms, excluded.zero_ms, excluded.zero_lead_ms, excluded.zero_tail_ms,
        excluded.fb_used_mib_avg, excluded.fb_used_mib_max, excluded.fb_total_mib,
        excluded.energy_j, excluded.energy_basis, excluded.flags
    ) or (
        excluded.zero_lead_ms is null
        and (old.held_idle_ms, old.empty_idle_ms)
            <> (excluded.held_idle_ms, excluded.empty_idle_ms)
    )
    returning t_start
)
select distinct (t_start at time zone 'UTC')::date as day
from changed
