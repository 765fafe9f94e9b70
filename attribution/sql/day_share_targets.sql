-- New targets are added by one day at a time: see day_stage1_targets.sql.
with share as (
    select distinct kind, state, activity, workload, model, feature, experiment, team, environment
      from w_share
), missing as materialized (
    select s.*
      from share s
     where not exists (
         select from attribution_target t
          where t.key = aicost_target_key(s.kind, s.state, s.activity, s.workload, s.model,
                                          s.feature, s.experiment, s.team, s.environment)
     )
), alone as materialized (
    select pg_advisory_xact_lock(hashtextextended('attribution: new targets', 0))
      from (select from missing limit 1) any_missing
)
insert into attribution_target
    (kind, state, activity, workload, model, feature, experiment, team, environment)
select m.*
  from missing m
 where (select count(*) from alone) = 1
 order by 1, 2, 3, 4, 5, 6, 7, 8, 9
on conflict do nothing
