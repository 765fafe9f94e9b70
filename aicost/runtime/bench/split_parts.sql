insert into w_part (charge_id, kind, state, activity, workload, model, feature, experiment, team,
                    environment, evidence, weight)
select i, 'workload', 'active', 'inference', 'w' || (i + k) %% 400, 'm' || k,
       'f' || (i + k) %% 20, '', 'team', 'prod', 'measured',
       (i * 7919 + k * 104729) %% 691200000 + 1
  from generate_series(1, %(size)s) i, generate_series(1, 8) k
