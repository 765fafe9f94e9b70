-- Parts of every instance-time charge of a machine whose pods are known, in microseconds of the
-- machine. A meter of cores or of memory alone is split by that alone.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
with billed as (
    select resource_id,
           coalesce(nullif(sum(ms) filter (where instance_part = ''), 0),
                    least(sum(ms) filter (where instance_part = 'cpu'), 86400000), 0) * 1000 as us
      from (select resource_id, instance_part,
                   case when unit ~* '(^|[ -])s(ec(ond)?s?)?$' then 1000 else 3600000 end
                       * greatest(coalesce(consumed_quantity, pricing_quantity, 0), 0) as ms
              from w_charge
             where method = 'pods' and by_resource and instance_time) c
     group by resource_id
), machine as (
    select resource_id, sum(observed_us) as observed_us, sum(cpu_capacity_ms) as cpu_ms,
           sum(memory_capacity_ms) / 1024 as gb_ms
      from w_machine
     group by resource_id
), charge as (
    select c.charge_id, c.resource_id, c.own, b.us as billed_us,
           coalesce(m.observed_us, 0) as observed_us,
           case c.instance_part
               when 'cpu' then 1
               when 'memory' then 0
               else coalesce(r.cpu * m.cpu_ms / nullif(r.cpu * m.cpu_ms + r.memory * m.gb_ms, 0), 1)
           end as cpu_part
      from w_charge c
      join billed b using (resource_id)
      left join machine m using (resource_id)
     cross join lateral (
         select split_part(told, ':', 1)::numeric as cpu,
                split_part(told, ':', 2)::numeric as memory
           from coalesce(c.options ->> 'cpu_memory', '9:1') as told
     ) r
     where c.method = 'pods' and c.by_resource and c.instance_time
), held as (
    select c.charge_id, w.activity, w.workload, w.model, w.feature, w.experiment, w.team,
           w.environment,
           c.cpu_part * p.cpu_us + (1 - c.cpu_part) * p.memory_us as us
      from charge c
      join w_pods p using (resource_id)
      join w_workload w using (cluster, namespace, pod, workload_key)
), left_over as (
    select c.charge_id, round(greatest(c.observed_us - coalesce(h.us, 0), 0)) as unreserved,
           floor(greatest(c.billed_us - c.observed_us, 0)) as unobserved
      from charge c
      left join (select charge_id, sum(us) as us from held group by charge_id) h using (charge_id)
), state as (
    select charge_id, 'workload' as kind, 'active' as state, 'measured' as evidence, activity,
           workload, model, feature, experiment, team, environment, round(us) as weight
      from held
    union all
    select charge_id, 'idle', 'unreserved', 'measured', 'other', '', '', '', '', '', '', unreserved
      from left_over
    union all
    select charge_id, 'unattributed', 'unobserved', 'fallback', 'other', '', '', '', '', '', '',
           unobserved
      from left_over
)
select charge_id, s.kind, s.state, s.activity,
       coalesce(aw.canonical, d.workload), coalesce(am.canonical, d.model),
       coalesce(af.canonical, d.feature), coalesce(ax.canonical, d.experiment),
       coalesce(at.canonical, d.team), coalesce(ae.canonical, d.environment),
       min(s.evidence), sum(s.weight)
  from state s
  join charge c using (charge_id)
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
 where s.weight > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
