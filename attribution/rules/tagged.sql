-- Charges of the method that nothing weighed stand whole on what their tags name.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
select c.charge_id, c.kind, c.state, c.activity, c.workload, c.model, c.feature, c.experiment,
       c.team, c.environment, c.evidence, 1
  from w_charge c
 where c.method = %(method)s and c.kind = 'workload'
   and not exists (select from w_part p where p.charge_id = c.charge_id)
