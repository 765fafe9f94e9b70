-- Requests of the charge's model that day.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
select c.charge_id, 'workload', 'active', u.activity,
       coalesce(nullif(c.workload, ''), u.workload), c.model,
       coalesce(nullif(c.feature, ''), u.feature),
       coalesce(nullif(c.experiment, ''), u.experiment),
       coalesce(nullif(c.team, ''), u.team),
       coalesce(nullif(c.environment, ''), u.environment),
       'measured', sum(u.requests)
  from w_charge c
  join w_usage u on u.model = c.model
   and (c.workload = '' or u.workload = '' or u.workload = c.workload)
   and (c.environment = '' or u.environment = '' or u.environment = c.environment)
 where c.method = 'requests' and c.model <> '' and u.requests > 0
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
