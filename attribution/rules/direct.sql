-- The whole charge stands where the claim says.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
select charge_id, kind, state, activity, workload, model, feature, experiment, team, environment,
       evidence, 1
  from w_charge
 where method = %(method)s
