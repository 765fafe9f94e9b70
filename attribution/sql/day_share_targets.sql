insert into attribution_target
    (kind, state, activity, workload, model, feature, experiment, team, environment)
select distinct kind, state, activity, workload, model, feature, experiment, team, environment
  from w_share
 order by 1, 2, 3, 4, 5, 6, 7, 8, 9
on conflict do nothing
