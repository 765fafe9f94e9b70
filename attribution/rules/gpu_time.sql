-- Parts of every instance-time charge of a known resource, in GPU-milliseconds; the charge's own
-- tags fill what the workload leaves empty.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
with state as (
    select g.resource_id, v.kind, v.state, w.activity, w.workload, w.model, w.feature,
           w.experiment, w.team, w.environment, 'measured' as evidence, v.weight
      from w_gpu g
      join w_workload w using (cluster, namespace, pod, workload_key)
     cross join lateral (values
           ('workload', 'active', g.active_ms),
           ('idle', 'held_idle', g.held_ms),
           ('idle', 'empty_idle', g.empty_ms)) v (kind, state, weight)
    union all
    select resource_id, 'idle', 'unreserved', 'other', '', '', '', '', '', '', 'measured',
           unreserved_ms
      from w_capacity
    union all
    select resource_id, 'unattributed', 'unobserved', 'other', '', '', '', '', '', '', 'fallback',
           unobserved_ms
      from w_capacity
)
select c.charge_id, s.kind, s.state, s.activity,
       coalesce(aw.canonical, d.workload), coalesce(am.canonical, d.model),
       coalesce(af.canonical, d.feature), coalesce(ax.canonical, d.experiment),
       coalesce(at.canonical, d.team), coalesce(ae.canonical, d.environment),
       min(s.evidence), sum(s.weight)
  from w_charge c
  join state s on s.resource_id = c.resource_id
 cross join lateral (
     select coalesce(nullif(s.workload, ''), c.own ->> 'workload', '') as workload,
            coalesce(nullif(s.model, ''), c.own ->> 'model', '') as model,
            coalesce(nullif(s.feature, ''), c.own ->> 'feature', '') as feature,
            coalesce(nullif(s.experiment, ''), c.own ->> 'experiment', '') as experiment,
            coalesce(nullif(s.team, ''), c.own ->> 'team', '') as team,
            coalesce(nullif(s.environment, ''), c.own ->> 'environment', '') as environment
 ) d
  left join w_alias aw on aw.dimension = 'workload' and aw.raw = d.workload
  left join w_alias am on am.dimension = 'model' and am.raw = d.model
  left join w_alias af on af.dimension = 'feature' and af.raw = d.feature
  left join w_alias ax on ax.dimension = 'experiment' and ax.raw = d.experiment
  left join w_alias at on at.dimension = 'team' and at.raw = d.team
  left join w_alias ae on ae.dimension = 'environment' and ae.raw = d.environment
 where c.method = 'gpu_time' and s.weight > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
