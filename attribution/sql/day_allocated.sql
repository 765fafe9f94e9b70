-- The ledger's rows: one per charge, stage-1 target and final target.
insert into attribution_allocatedcharge
    (day, source_id, charge_id, stage1_target_id, target_id, rule_id, evidence, weight,
     total_weight, weight2, total_weight2, billed_cost, effective_cost, list_cost,
     contracted_cost, pricing_quantity, consumed_quantity)
with share as materialized (
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
), final as materialized (
    select stage1_target_id, then_method, target_id, weight, total::bigint as total_weight,
           total, upto, upto - weight as below
      from share
)
select %(day)s, %(source)s, s.charge_id, s.target_id, coalesce(h.target_id, s.target_id),
       s.rule_id, s.evidence, s.weight, s.total, h.weight, h.total_weight,
       case when h.target_id is null then s.billed_cost
            else aicost_amount(aicost_share(s.billed_units, h.upto, h.below, h.total)) end,
       case when h.target_id is null then s.effective_cost
            else aicost_amount(aicost_share(s.effective_units, h.upto, h.below, h.total)) end,
       case when h.target_id is null then s.list_cost
            else aicost_amount(aicost_share(s.list_units, h.upto, h.below, h.total)) end,
       case when h.target_id is null then s.contracted_cost
            else aicost_amount(aicost_share(s.contracted_units, h.upto, h.below, h.total)) end,
       case when h.target_id is null then s.pricing_quantity
            else aicost_amount(aicost_share(s.pricing_quantity_units, h.upto, h.below, h.total)) end,
       case when h.target_id is null then s.consumed_quantity
            else aicost_amount(aicost_share(s.consumed_quantity_units, h.upto, h.below, h.total)) end
  from w_stage1 s
  left join final h on h.stage1_target_id = s.target_id and h.then_method = s.then_method
