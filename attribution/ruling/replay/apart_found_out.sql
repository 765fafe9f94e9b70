copy (
    select a.charge_id, a.source_id, a.billed_cost, a.effective_cost, t.kind, t.state, t.activity,
           t.workload, t.model, t.feature, t.experiment, t.team, t.environment
      from attribution_allocatedcharge a
      join attribution_target t on t.id = a.target_id
) to stdout
