-- The ledger's rows of charges that stage 2 splits: one per charge, stage-1 target and final
-- target, in the order of charges, in which the index takes and the check reads them cheaper. What
-- a charge gives to each unit of a total, and what is left over, are worked out once a charge, not
-- once a part: "offset 0" keeps the planner from doing otherwise.
insert into attribution_allocatedcharge
    (day, source_id, charge_id, stage1_target_id, target_id, rule_id, evidence, weight,
     total_weight, weight2, total_weight2, billed_cost, effective_cost, list_cost,
     contracted_cost, pricing_quantity, consumed_quantity)
with divided as (
    select s.charge_id, s.target_id, s.then_method, s.rule_id, s.evidence, s.weight, s.total,
           f.total_weight,
           div(s.billed_units, f.total) * 0.000000000000000001 as billed_each,
           mod(s.billed_units, f.total)::bigint as billed_rest,
           div(s.effective_units, f.total) * 0.000000000000000001 as effective_each,
           mod(s.effective_units, f.total)::bigint as effective_rest,
           div(s.list_units, f.total) * 0.000000000000000001 as list_each,
           mod(s.list_units, f.total)::bigint as list_rest,
           div(s.contracted_units, f.total) * 0.000000000000000001 as contracted_each,
           mod(s.contracted_units, f.total)::bigint as contracted_rest,
           div(s.pricing_units, f.total) * 0.000000000000000001 as pricing_each,
           mod(s.pricing_units, f.total)::bigint as pricing_rest,
           div(s.consumed_units, f.total) * 0.000000000000000001 as consumed_each,
           mod(s.consumed_units, f.total)::bigint as consumed_rest
      from w_stage1 s
      join w_total f on f.stage1_target_id = s.target_id and f.then_method = s.then_method
     where f.is_small
    offset 0
)
select %(day)s, %(source)s, s.charge_id, s.target_id, h.target_id, s.rule_id, s.evidence,
       s.weight, s.total, h.weight, s.total_weight,
       aicost_quick_part(s.billed_each, s.billed_rest, h.weight10, h.upto8,
                         h.below8, s.total_weight),
       aicost_quick_part(s.effective_each, s.effective_rest, h.weight10, h.upto8,
                         h.below8, s.total_weight),
       aicost_quick_part(s.list_each, s.list_rest, h.weight10, h.upto8,
                         h.below8, s.total_weight),
       aicost_quick_part(s.contracted_each, s.contracted_rest, h.weight10, h.upto8,
                         h.below8, s.total_weight),
       aicost_quick_part(s.pricing_each, s.pricing_rest, h.weight10, h.upto8,
                         h.below8, s.total_weight),
       aicost_quick_part(s.consumed_each, s.consumed_rest, h.weight10, h.upto8,
                         h.below8, s.total_weight)
  from divided s
  join w_final h on h.stage1_target_id = s.target_id and h.then_method = s.then_method
