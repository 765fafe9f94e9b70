-- Stage 2, cumulated: the parts that every charge of a stage-1 target falls into; as bigints too,
-- for aicost_quick_part.
create temp table w_final on commit drop as
with share as materialized (
    select s.stage1_target_id, s.then_method, t.id as target_id, s.weight,
           sum(s.weight) over (
               partition by s.stage1_target_id, s.then_method
               order by t.kind collate "C", t.state collate "C",
               t.activity collate "C", t.workload collate "C", t.model collate "C",
               t.feature collate "C", t.experiment collate "C", t.team collate "C",
               t.environment collate "C" rows unbounded preceding) as upto
      from w_share s
      join attribution_target t
        on t.key = aicost_target_key(s.kind, s.state, s.activity, s.workload, s.model, s.feature,
                                     s.experiment, s.team, s.environment)
)
select stage1_target_id, then_method, target_id, weight, weight::numeric as weight10,
       upto::bigint as upto8, upto::bigint - weight as below8, upto, upto - weight as below
  from share
