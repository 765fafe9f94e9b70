-- What each workload seen on a GPU or a shared machine stands for: what a map says, else what its
-- training run does. Without a map its pod names the workload, less what Kubernetes adds to it.
create temp table if not exists w_workload on commit drop as
select k.cluster, k.namespace, k.pod, k.workload_key,
       coalesce(nullif(m.activity, ''), case when r.runs > 0 then 'training' end, 'other')
           as activity,
       coalesce(nullif(m.workload, ''),
                case when m.id is null then k.stem else '' end) as workload,
       coalesce(nullif(m.model, ''), r.model, '') as model,
       coalesce(nullif(m.feature, ''), r.feature, '') as feature,
       coalesce(nullif(m.experiment, ''), r.experiment, '') as experiment,
       coalesce(nullif(m.team, ''), r.team, '') as team,
       coalesce(nullif(m.environment, ''), r.environment, '') as environment
  from (
      select distinct cluster, namespace, pod, workload_key,
             coalesce(nullif(pod, ''), regexp_replace(workload_key, '^.*[/:]', '')) as name,
             regexp_replace(coalesce(nullif(pod, ''), workload_key),
                            '(-[a-z0-9]{8,10})?-[a-z0-9]{5}$|-\d+$', '') as stem
        from (select cluster, namespace, pod, workload_key from w_gpu
              union
              select cluster, namespace, pod, workload_key from w_pods) seen
       where workload_key <> ''
  ) k
  left join lateral (
      select m.*
        from aicost_workloadmap_on(%(day)s) m
       where m.cluster in ('', k.cluster) and m.namespace in ('', k.namespace)
         and k.name like replace(replace(replace(replace(
                 m.pattern, '\', '\\'), '%%', '\%%'), '_', '\_'), '*', '%%')
         and (m.valid_from is null or m.valid_from <= %(day)s)
         and (m.valid_to is null or m.valid_to > %(day)s)
       order by m.found, m.position, length(m.pattern) desc, m.cluster desc, m.namespace desc, m.id
       limit 1
  ) m on true
 cross join lateral (
     select count(*) as runs,
            (array_agg(t.model order by p.own, t.id) filter (where t.model <> ''))[1] as model,
            (array_agg(t.feature order by p.own, t.id) filter (where t.feature <> ''))[1]
                as feature,
            (array_agg(t.experiment order by p.own, t.id) filter (where t.experiment <> ''))[1]
                as experiment,
            (array_agg(t.team order by p.own, t.id) filter (where t.team <> ''))[1] as team,
            (array_agg(t.environment order by p.own, t.id) filter (where t.environment <> ''))[1]
                as environment
       from ingest_trainingrun t
      -- What a tracker says of a job goes before what the scheduler says of it.
      cross join lateral (
          select t.workload_key = 'slurm:' || split_part(t.run_id, '@', 1) as own
      ) p
      where t.workload_key = k.workload_key
 ) r
