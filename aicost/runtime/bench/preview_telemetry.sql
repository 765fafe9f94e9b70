-- Whole hours of eight GPUs on each of twenty nodes, each held by a pod.
insert into ingest_gpuinterval
    (source_id, delivery_id, t_start, t_end, node, device_uuid, mig_instance_id, workload_key, pod,
     util_scope, alloc_gpu_fraction, observed_ms, held_idle_ms)
select %(source)s, %(delivery)s, t, t + interval '1 hour', 'i-gpu-' || node,
       'GPU-' || node || '-' || gpu, '',
       case held when 0 then '' else 'k8s:/serve-' || node %% 7 end,
       case held when 0 then '' else 'serve-' || node %% 7 end, 'device', held, 3600000,
       held * 600000
  from generate_series(0, 19) node
 cross join generate_series(0, 7) gpu
 cross join generate_series(0, 1) held
 cross join generate_series(%(start)s::timestamptz, %(end)s::timestamptz - interval '1 hour',
                            interval '1 hour') t
