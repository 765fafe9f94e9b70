-- The ledger's rows of charges that no calls split further: they stay where stage 1 put them.
insert into attribution_allocatedcharge
    (day, source_id, charge_id, stage1_target_id, target_id, rule_id, evidence, weight,
     total_weight, billed_cost, effective_cost, list_cost, contracted_cost, pricing_quantity,
     consumed_quantity)
select %(day)s, %(source)s, s.charge_id, s.target_id, s.target_id, s.rule_id, s.evidence,
       s.weight, s.total, s.billed_cost, s.effective_cost, s.list_cost, s.contracted_cost,
       s.pricing_quantity, s.consumed_quantity
  from w_stage1 s
 where not exists (select from w_total f
                    where f.stage1_target_id = s.target_id and f.then_method = s.then_method)
