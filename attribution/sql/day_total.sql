-- Stage 2: what all shares of a stage-1 target weigh together. A table of its own, so that the
-- planner knows its size. Where the total squared is a bigint, aicost_quick_part splits.
create temp table w_total on commit drop as
select stage1_target_id, then_method, sum(weight) as total, sum(weight)::bigint as total_weight,
       sum(weight) <= 3037000499 as is_small
  from w_share
 group by stage1_target_id, then_method
