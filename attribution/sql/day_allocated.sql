-- The ledger's rows: one per charge, stage-1 target and final target.
insert into attribution_allocatedcharge
    (day, source_id, charge_id, stage1_target_id, target_id, rule_id, evidence, weight,
     total_weight, weight2, total_weight2, billed_cost, effective_cost, list_cost,
     contracted_cost, pricing_quantity, consumed_quantity)
select %(day)s, %(source)s, s.charge_id, s.target_id, h.target_id, s.rule_id, s.evidence,
       s.weight, s.total, h.weight, h.total_weight,
       aicost_part_of(s.billed_units, h.upto, h.below, h.total),
       aicost_part_of(s.effective_units, h.upto, h.below, h.total),
       aicost_part_of(s.list_units, h.upto, h.below, h.total),
       aicost_part_of(s.contracted_units, h.upto, h.below, h.total),
       aicost_part_of(s.pricing_units, h.upto, h.below, h.total),
       aicost_part_of(s.consumed_units, h.upto, h.below, h.total)
  from w_stage1 s
  join w_final h on h.stage1_target_id = s.target_id and h.then_method = s.then_method
union all
select %(day)s, %(source)s, s.charge_id, s.target_id, s.target_id, s.rule_id, s.evidence,
       s.weight, s.total, null, null, s.billed_cost, s.effective_cost, s.list_cost,
       s.contracted_cost, s.pricing_quantity, s.consumed_quantity
  from w_stage1 s
 where (s.target_id, s.then_method) not in (select stage1_target_id, then_method from w_final)
