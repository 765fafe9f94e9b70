-- The same as of a day that is published, but into a table of one's own: nobody to wait for.
insert into attribution_target
    (kind, state, activity, workload, model, feature, experiment, team, environment)
select distinct kind, state, activity, workload, model, feature, experiment, team, environment
  from w_share
on conflict do nothing
