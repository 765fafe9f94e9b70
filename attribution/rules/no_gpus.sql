-- On a day without GPU time there is none: pods ask for it.
create temp table if not exists w_gpu (
    resource_id text, cluster text, namespace text, pod text, workload_key text
) on commit drop
