-- The ledger's rows: one per charge, stage-1 target and final target.
insert into attribution_allocatedcharge
    (day, source_id, charge_id, stage1_target_id, target_id, rule_id, evidence, weight,
     total_weight, weight2, total_weight2, billed_cost, effective_cost, list_cost,
     contracted_cost, pricing_quantity, consumed_quantity)
with share as (
    select s.stage1_target_id, s.then_method, t.id as target_id, s.weight,
           sum(s.weight) over target as total,
           sum(s.weight) over (target order by t.kind collate "C", t.state collate "C",
               t.activity collate "C", t.workload collate "C", t.model collate "C",
               t.feature collate "C", t.experiment collate "C", t.team collate "C",
               t.environment collate "C" rows unbounded preceding) as upto
      from w_share s
      join attribution_target t
        on t.key = aicost_target_key(s.kind, s.state, s.activity, s.workload, s.model, s.feature,
                                     s.experiment, s.team, s.environment)
    window target as (partition by s.stage1_target_id, s.then_method)
)
select %(day)s, %(source)s, s.charge_id, s.target_id, coalesce(h.target_id, s.target_id),
       s.rule_id, s.evidence, s.weight, s.total, h.weight, h.total,
       case when h.target_id is null then s.billed_cost
            else aicost_part(s.billed_cost, h.upto, h.weight, h.total) end,
       case when h.target_id is null then s.effective_cost
            else aicost_part(s.effective_cost, h.upto, h.weight, h.total) end,
       case when h.target_id is null then s.list_cost
            else aicost_part(s.list_cost, h.upto, h.weight, h.total) end,
       case when h.target_id is null then s.contracted_cost
            else aicost_part(s.contracted_cost, h.upto, h.weight, h.total) end,
       case when h.target_id is null then s.pricing_quantity
            else aicost_part(s.pricing_quantity, h.upto, h.weight, h.total) end,
       case when h.target_id is null then s.consumed_quantity
            else aicost_part(s.consumed_quantity, h.upto, h.weight, h.total) end
  from w_stage1 s
  left join share h on h.stage1_target_id = s.target_id and h.then_method = s.then_method
