-- As day_allocated.sql, of shares whose total is too long for bigints.
insert into attribution_allocatedcharge
    (day, source_id, charge_id, stage1_target_id, target_id, rule_id, evidence, weight,
     total_weight, weight2, total_weight2, billed_cost, effective_cost, list_cost,
     contracted_cost, pricing_quantity, consumed_quantity)
select %(day)s, %(source)s, s.charge_id, s.target_id, h.target_id, s.rule_id, s.evidence,
       s.weight, s.total, h.weight, f.total_weight,
       aicost_part_of(s.billed_units, h.upto, h.below, f.total),
       aicost_part_of(s.effective_units, h.upto, h.below, f.total),
       aicost_part_of(s.list_units, h.upto, h.below, f.total),
       aicost_part_of(s.contracted_units, h.upto, h.below, f.total),
       aicost_part_of(s.pricing_units, h.upto, h.below, f.total),
       aicost_part_of(s.consumed_units, h.upto, h.below, f.total)
  from w_stage1 s
  join w_total f on f.stage1_target_id = s.target_id and f.then_method = s.then_method
   and not f.is_small
  join w_final h on h.stage1_target_id = s.target_id and h.then_method = s.then_method
