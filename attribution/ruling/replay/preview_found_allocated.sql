insert into attribution_allocatedcharge
    (charge_id, source_id, target_id, billed_cost, effective_cost)
select f.charge_id, f.side, t.id, f.billed_cost, f.effective_cost
  from p_found f
  join attribution_target t
    on t.key = aicost_target_key(f.kind, f.state, f.activity, f.workload, f.model, f.feature,
                                 f.experiment, f.team, f.environment)
