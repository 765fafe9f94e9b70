insert into p_found
    (charge_id, side, billed_cost, effective_cost,
     kind, state, activity, workload, model, feature, experiment, team, environment)
select c.id, 1, p.billed_cost, p.effective_cost,
       p.kind, p.state, p.activity, p.workload, p.model, p.feature, p.experiment, p.team,
       p.environment
  from p_published p
  join ingest_charge c
    on c.series_id = p.first and c.source_id = p.source_id and c.day = p.day
   and c.is_credit = p.is_credit and (c.effective_cost < 0) = p.is_negative
   and c.currency = p.currency
