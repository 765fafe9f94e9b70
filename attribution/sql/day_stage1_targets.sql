-- New targets are added by one day at a time: two days that add the same ones in another order
-- would wait for each other. A day without new ones waits for nobody.
with missing as materialized (
    select distinct kind, state, activity, workload, model, feature, experiment, team, environment
      from w_part w
     where not exists (select from attribution_target t where t.key = w.key)
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
