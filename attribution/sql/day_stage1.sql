-- Stage 1: every charge split by its weights, in the bytewise order of the target tuple.
create temp table w_stage1 on commit drop as
with target as (
    select t.id, t.key,
           row_number() over (order by t.kind collate "C", t.state collate "C",
               t.activity collate "C", t.workload collate "C", t.model collate "C",
               t.feature collate "C", t.experiment collate "C", t.team collate "C",
               t.environment collate "C") as rank
      from (select distinct key from w_part) p
      join attribution_target t using (key)
), weighed as (
    select p.charge_id, t.id as target_id, p.evidence, p.weight,
           sum(p.weight) over (partition by p.charge_id) as total,
           sum(p.weight) over (partition by p.charge_id order by t.rank
                               rows unbounded preceding) as upto
      from w_part p
      join target t using (key)
)
select w.charge_id, w.target_id, w.evidence, w.weight, w.total::bigint as total,
       c.rule_id, c.then_method, c.method,
       aicost_part(c.billed_cost, w.upto, w.weight, w.total) as billed_cost,
       aicost_part(c.effective_cost, w.upto, w.weight, w.total) as effective_cost,
       aicost_part(c.list_cost, w.upto, w.weight, w.total) as list_cost,
       aicost_part(c.contracted_cost, w.upto, w.weight, w.total) as contracted_cost,
       aicost_part(c.pricing_quantity, w.upto, w.weight, w.total) as pricing_quantity,
       aicost_part(c.consumed_quantity, w.upto, w.weight, w.total) as consumed_quantity
  from weighed w
  join w_charge c using (charge_id)
