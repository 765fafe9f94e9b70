insert into attribution_target
    (kind, state, activity, workload, model, feature, experiment, team, environment)
select distinct kind, state, activity, workload, model, feature, experiment, team, environment
  from p_found
on conflict do nothing
