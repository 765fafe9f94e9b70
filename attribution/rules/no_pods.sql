-- Estimates weigh GPU time alone.
create temp table if not exists w_pods (
    resource_id text, cluster text, namespace text, pod text, workload_key text
) on commit drop
