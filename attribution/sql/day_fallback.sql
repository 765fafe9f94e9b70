-- A charge nothing weighs stays whole: on its claim's target if that names an owner, otherwise
-- where the rule's fallback says; methods that wait for where others stand come later.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
select c.charge_id,
       case when owned then 'workload' else coalesce(c.fallback ->> 'kind', 'unattributed') end,
       case when owned then 'active' else coalesce(c.fallback ->> 'state', 'unclaimed') end,
       case when c.method in ('gpu_time', 'pods') then 'other' else c.activity end,
       d.workload, d.model, d.feature, d.experiment, d.team, d.environment, 'fallback', 1
  from w_charge c
 cross join lateral (
     select case when c.by_resource then coalesce(c.own ->> 'workload', '') else c.workload end
                as workload,
            case when c.by_resource then coalesce(c.own ->> 'model', '') else c.model end as model,
            case when c.by_resource then coalesce(c.own ->> 'feature', '') else c.feature end
                as feature,
            case when c.by_resource then coalesce(c.own ->> 'experiment', '')
                 else c.experiment end as experiment,
            case when c.by_resource then coalesce(c.own ->> 'team', '') else c.team end as team,
            case when c.by_resource then coalesce(c.own ->> 'environment', '')
                 else c.environment end as environment
 ) d
 cross join lateral (
     select c.method not in ('gpu_time', 'pods')
            and (d.workload, d.model, d.feature, d.experiment, d.team) <> ('', '', '', '', '')
            as owned
 ) o
 where c.method <> all(%(waiting)s)
   and not exists (select from w_part p where p.charge_id = c.charge_id)
