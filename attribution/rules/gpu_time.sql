-- Parts of every instance-time charge of a known resource, in GPU-milliseconds, or in trillionths
-- of it where its rule splits the price of a node between GPUs and the rest; the charge's own tags
-- fill what the workload leaves empty.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight, used, gpu_ms, process_ms, alone_ms, sm_ms,
                    sm_known_ms, gr_ms, gr_known_ms, hours_ms)
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
           case when f.first then g.gr_known_ms end as gr_known_ms,
           0::numeric as cpu_us, 0::numeric as memory_us, v.hours_ms
      from w_gpu g
      join w_workload w using (cluster, namespace, pod, workload_key)
      join w_capacity k using (resource_id)
     cross join lateral (values
           ('workload', 'active', g.active_ms, g.told_ms - g.told_held_ms - g.told_empty_ms,
            g.active_hours),
           ('idle', 'held_idle', g.held_ms, g.told_held_ms, g.held_hours),
           ('idle', 'empty_idle', g.empty_ms, g.told_empty_ms, g.empty_hours))
           v (kind, state, weight, told_ms, hours_ms)
      -- What is of the workload and not of a state goes with the first state it has.
     cross join lateral (
         select v.state = case when g.active_ms > 0 then 'active'
                               when g.held_ms > 0 then 'held_idle'
                               else 'empty_idle' end as first
     ) f
    union all
    select resource_id, 'idle', 'unreserved', 'other', '', '', '', '', '', '', 'measured',
           unreserved_ms, used_unreserved_ms, 0, 0, null, 0, null, 0, 0, 0, unreserved_hours
      from w_capacity
    union all
    select resource_id, 'unattributed', 'unobserved', 'other', '', '', '', '', '', '', 'fallback',
           unobserved_ms, case when used_unreserved_ms is not null then unobserved_ms end,
           0, 0, null, 0, null, 0, 0, 0, null
      from w_capacity
    union all
    select p.resource_id, 'workload', 'active', w.activity, w.workload, w.model, w.feature,
           w.experiment, w.team, w.environment, 'measured', 0,
           case when k.used_unreserved_ms is not null then 0 end, 0, 0, null, 0, null, 0,
           p.cpu_us, p.memory_us, null
      from w_pods p
      join w_capacity k using (resource_id)
      join w_workload w using (cluster, namespace, pod, workload_key)
    union all
    select m.resource_id, 'idle', 'unreserved', 'other', '', '', '', '', '', '', 'measured',
           0, case when k.used_unreserved_ms is not null then 0 end, 0, 0, null, 0, null, 0,
           greatest(m.us - coalesce(p.cpu_us, 0), 0), greatest(m.us - coalesce(p.memory_us, 0), 0),
           null
      from (select resource_id, sum(observed_us) as us from w_machine group by resource_id) m
      join w_capacity k using (resource_id)
      left join (select resource_id, sum(cpu_us) as cpu_us, sum(memory_us) as memory_us
                   from w_pods group by resource_id) p using (resource_id)
), part as (
    select c.charge_id, s.kind, s.state, s.activity,
           coalesce(aw.canonical, d.workload) as workload, coalesce(am.canonical, d.model) as model,
           coalesce(af.canonical, d.feature) as feature,
           coalesce(ax.canonical, d.experiment) as experiment,
           coalesce(at.canonical, d.team) as team,
           coalesce(ae.canonical, d.environment) as environment,
           min(s.evidence) as evidence, sum(s.weight) as gpu_ms, sum(s.used) as used,
           sum(s.cpu_us) as cpu_us, sum(s.memory_us) as memory_us,
           sum(s.process_ms) as process_ms, sum(s.alone_ms) as alone_ms, sum(s.sm_ms) as sm_ms,
           sum(s.sm_known_ms) as sm_known_ms, sum(s.gr_ms) as gr_ms,
           sum(s.gr_known_ms) as gr_known_ms, aicost_sum_hours(s.hours_ms) as hours_ms
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
     where c.method = 'gpu_time'
       and (s.weight > 0 or c.charge_id in (select charge_id from w_node_price))
     group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
)
select p.charge_id, p.kind, p.state, p.activity, p.workload, p.model, p.feature, p.experiment,
       p.team, p.environment, p.evidence, v.weight, v.used, p.gpu_ms, p.process_ms, p.alone_ms,
       p.sm_ms, p.sm_known_ms, p.gr_ms, p.gr_known_ms, p.hours_ms
  from part p
  left join w_node_price n using (charge_id)
 cross join lateral (
     select p.cpu_us * n.per_cpu_us + p.memory_us * n.per_memory_us as rest
 ) r
 cross join lateral (
     select case when n.charge_id is null then p.gpu_ms
                 else floor(p.gpu_ms * n.per_gpu_ms + r.rest) end as weight,
            case when n.charge_id is null then p.used
                 else floor(p.used * n.per_gpu_ms + r.rest) end as used
 ) v
 where v.weight > 0
