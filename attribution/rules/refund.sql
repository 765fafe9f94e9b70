-- What is given back, by all money of what it names; its own tags fill what that leaves empty.
insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
select c.charge_id, s.kind, s.state, s.activity,
       coalesce(nullif(s.workload, ''), c.workload), coalesce(nullif(s.model, ''), c.model),
       coalesce(nullif(s.feature, ''), c.feature),
       coalesce(nullif(s.experiment, ''), c.experiment),
       coalesce(nullif(s.team, ''), c.team),
       coalesce(nullif(s.environment, ''), c.environment), 'inferred', sum(s.weight)::bigint
  from w_charge c
  join w_what k on k.charge_id = c.charge_id
  join w_stands s on s.what = k.what
 where c.method = 'refund'
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
