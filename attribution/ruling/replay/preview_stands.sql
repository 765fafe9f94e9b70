-- The money of the groups by target, before and after.
select t.id, t.kind, t.state, t.activity, t.workload, t.model, t.feature, t.experiment, t.team,
       t.environment, p.currency, sum(p.cost_before) as cost_before, sum(p.cost_after) as cost_after
  from p_part p
  join attribution_target t on t.id = p.target_id
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
