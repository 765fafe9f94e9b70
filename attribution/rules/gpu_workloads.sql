-- What each workload seen on a GPU stands for. Without a map its pod names the workload, less
-- the suffixes that Kubernetes adds.
create temp table w_workload on commit drop as
select k.cluster, k.namespace, k.pod, k.workload_key,
       coalesce(nullif(m.activity, ''), 'other') as activity,
       coalesce(nullif(m.workload, ''),
                case when m.id is null then k.stem else '' end) as workload,
       coalesce(m.model, '') as model, coalesce(m.feature, '') as feature,
       coalesce(m.experiment, '') as experiment, coalesce(m.team, '') as team,
       coalesce(m.environment, '') as environment
  from (
      select distinct cluster, namespace, pod, workload_key,
             coalesce(nullif(pod, ''), regexp_replace(workload_key, '^.*[/:]', '')) as name,
             regexp_replace(coalesce(nullif(pod, ''), workload_key),
                            '(-[a-z0-9]{8,10})?-[a-z0-9]{5}$|-\d+$', '') as stem
        from w_gpu
       where workload_key <> ''
  ) k
  left join lateral (
      select m.*
        from ingest_workloadmap m
       where m.cluster in ('', k.cluster) and m.namespace in ('', k.namespace)
         and k.name like replace(replace(replace(replace(
                 m.pattern, '\', '\\'), '%%', '\%%'), '_', '\_'), '*', '%%')
         and (m.valid_from is null or m.valid_from <= %(day)s)
         and (m.valid_to is null or m.valid_to > %(day)s)
       order by m.position, length(m.pattern) desc, m.cluster desc, m.namespace desc, m.id
       limit 1
  ) m on true
