-- Which calls made which target's cost: agreeing on every name both know, and on one at least.
-- The team is left out: who owns a model and who calls it are two teams. Inference made all that
-- keeps a feature or model running, its storage and traffic too; training and the like only runs of
-- their own kind. What is idle without an owner, shared or unattributed no call has made.
create temp table w_agrees on commit drop as
select t.id as target_id, t.team as target_team, t.model <> '' as one_model, w.*
  from attribution_target t
  join (select model, workload, feature, experiment, team, environment, activity,
               coalesce(bool_and(tells_tokens), false) as tells_tokens
          from w_call
         group by 1, 2, 3, 4, 5, 6, 7) w
    on (w.activity = t.activity or w.activity = 'inference'
        and t.activity not in ('training', 'experimentation', 'data'))
   and (t.model = w.model or t.model = '' or w.model = '')
   and (t.workload = w.workload or t.workload = '' or w.workload = '')
   and (t.feature = w.feature or t.feature = '' or w.feature = '')
   and (t.experiment = w.experiment or t.experiment = '' or w.experiment = '')
   and (t.environment = w.environment or t.environment = '' or w.environment = '')
   and (t.model <> '' and t.model = w.model or t.workload <> '' and t.workload = w.workload
        or t.feature <> '' and t.feature = w.feature
        or t.experiment <> '' and t.experiment = w.experiment)
 where t.kind in ('workload', 'idle')
   and t.id in (select c.target_id from ingest_source s
                  join attribution_costsum c on c.source_id = s.id and c.grain = 'target'
                 where c.day = %(day)s)
