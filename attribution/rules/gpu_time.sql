-- Parts of every instance-time charge of a known resource, in GPU-milliseconds; the charge's own
-- tags fill what the workload leaves empty.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight, used, process_ms, alone_ms, sm_ms, sm_known_ms,
                    gr_ms, gr_known_ms)
with state as (
    select g.resource_id, v.kind, v.state, w.activity, w.workload, w.model, w.feature,
           w.experiment, w.team, w.environment, 'measured' as evidence, v.weight,
           case when k.used_unreserved_ms is not null
                then v.weight - v.told_ms + case when f.first then coalesce(g.process_ms, 0)
                                                 else 0 end end as used,
           case when f.first then g.told_ms end as process_ms,
           case when f.first then g.alone_ms end as alone_ms,
           case when f.first then g.sm_ms end as sm_ms,
           case when f.first then g.sm_known_ms end as sm_known_ms,
           case when f.first then g.gr_ms end as gr_ms,
           case when f.first then g.gr_known_ms end as gr_known_ms
      from w_gpu g
      join w_workload w using (cluster, namespace, pod, workload_key)
      join w_capacity k using (resource_id)
     cross join lateral (values
           ('workload', 'active', g.active_ms, g.told_ms - g.told_held_ms - g.told_empty_ms),
           ('idle', 'held_idle', g.held_ms, g.told_held_ms),
           ('idle', 'empty_idle', g.empty_ms, g.told_empty_ms)) v (kind, state, weight, told_ms)
      -- What is of the workload and not of a state goes with the first state it has.
     cross join lateral (
         select v.state = case when g.active_ms > 0 then 'active'
                               when g.held_ms > 0 then 'held_idle'
                               else 'empty_idle' end as first
     ) f
    union all
    select resource_id, 'idle', 'unreserved', 'other', '', '', '', '', '', '', 'measured',
           unreserved_ms, used_unreserved_ms, 0, 0, null, 0, null, 0
      from w_capacity
    union all
    select resource_id, 'unattributed', 'unobserved', 'other', '', '', '', '', '', '', 'fallback',
           unobserved_ms, case when used_unreserved_ms is not null then unobserved_ms end,
           0, 0, null, 0, null, 0
      from w_capacity
)
select c.charge_id, s.kind, s.state, s.activity,
       coalesce(aw.canonical, d.workload), coalesce(am.canonical, d.model),
       coalesce(af.canonical, d.feature), coalesce(ax.canonical, d.experiment),
       coalesce(at.canonical, d.team), coalesce(ae.canonical, d.environment),
       min(s.evidence), sum(s.weight), sum(s.used), sum(s.process_ms), sum(s.alone_ms),
       sum(s.sm_ms), sum(s.sm_known_ms), sum(s.gr_ms), sum(s.gr_known_ms)
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
