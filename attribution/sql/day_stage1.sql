-- Stage 1: every charge split by its weights, in the bytewise order of the target tuple. Units are
-- quanta of 10^-18, whole numbers, which stage 2 splits further. "offset 0" keeps the planner from
-- working them out more than once.
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
), charge as (
    select charge_id, rule_id, then_method, method,
           aicost_units(billed_cost) as billed_units,
           aicost_units(effective_cost) as effective_units,
           aicost_units(list_cost) as list_units,
           aicost_units(contracted_cost) as contracted_units,
           aicost_units(pricing_quantity) as pricing_units,
           aicost_units(consumed_quantity) as consumed_units
      from w_charge
    offset 0
), split as (
    select w.charge_id, w.target_id, w.evidence, w.weight, w.total::bigint as total,
           c.rule_id, c.then_method, c.method,
           aicost_share(c.billed_units, w.upto, w.upto - w.weight, w.total) as billed_units,
           aicost_share(c.effective_units, w.upto, w.upto - w.weight, w.total) as effective_units,
           aicost_share(c.list_units, w.upto, w.upto - w.weight, w.total) as list_units,
           aicost_share(c.contracted_units, w.upto, w.upto - w.weight, w.total) as contracted_units,
           aicost_share(c.pricing_units, w.upto, w.upto - w.weight, w.total) as pricing_units,
           aicost_share(c.consumed_units, w.upto, w.upto - w.weight, w.total) as consumed_units
      from weighed w
      join charge c using (charge_id)
    offset 0
)
select *,
       aicost_amount(billed_units) as billed_cost,
       aicost_amount(effective_units) as effective_cost,
       aicost_amount(list_units) as list_cost,
       aicost_amount(contracted_units) as contracted_cost,
       aicost_amount(pricing_units) as pricing_quantity,
       aicost_amount(consumed_units) as consumed_quantity
  from split
 order by charge_id
